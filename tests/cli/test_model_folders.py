"""Folders of models that a file names reach the server and, as the same flags, its worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.launch_flags import parse_flags
from cli.serve import folders_of, main
from cli.worker_flags import worker_flags


def test_files_of_model_folders_are_read_by_the_server_and_named_to_the_worker(tmp_path: Path) -> None:
    (tmp_path / "extra_model_paths.yaml").write_text("own: {vae: /own}")
    names = ("a.yaml", "b.yaml")
    for name in names:
        (tmp_path / name).write_text(f"more: {{vae: /{name[0]}}}")
    a, b = (str(tmp_path / name) for name in names)
    place = ("--base-directory", str(tmp_path))
    typed = parse_flags([*place, "--extra-model-paths-config", a, "--extra-model-paths-config", b])
    assert folders_of(typed).model_roots("vae")[1:4] == (Path("/own"), Path("/a"), Path("/b"))
    flags = worker_flags(typed)
    assert [flags[at + 1] for at, flag in enumerate(flags) if flag == "--extra-model-paths-config"] == [a, b]


def test_folders_may_be_elsewhere(tmp_path: Path) -> None:
    names = ("output", "input", "temp", "user", "models")
    for name in names:
        (tmp_path / name).mkdir()
    flags = [f"--{name}-directory={tmp_path / name}" for name in names]
    folders = folders_of(parse_flags(flags))
    assert (folders.output, folders.input, folders.user) == tuple(
        tmp_path / name for name in ("output", "input", "user")
    )
    assert folders.temp == tmp_path / "temp" / "temp"
    assert folders.model_roots("vae")[0] == tmp_path / "models" / "vae"


def test_a_file_that_is_wrong_ends_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.yaml").write_text("a: 5")
    assert main(["--base-directory", str(tmp_path), "--extra-model-paths-config", str(tmp_path / "x.yaml")]) == 2
    assert "x.yaml, a: '5' was found; expected kinds of models with their folders." in capsys.readouterr().err
