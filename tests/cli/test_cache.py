"""`weft run` in two processes on one cache, and `weft cache`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from graph.results import Result as NodeResult
from graph.results import Values
from graph.store import open_store
from runtime.blobs import ResultCodec

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflows" / "text_to_image.json"


def weft(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_in_a_process(folder: Path, *arguments: str) -> dict[str, list[str]]:
    command = [sys.executable, str(ROOT / "main.py"), "run", str(WORKFLOW), "--json", "--device", "cpu"]
    command += ["--set", "KSampler.steps=2", "--output-directory", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    document: dict[str, list[str]] = json.loads(done.stdout)
    return document


def fill(folder: Path, sizes: dict[str, int]) -> None:
    with open_store(folder, codec=ResultCodec(), realm=b"", budget_bytes=10**9) as store:  # type: ignore[union-attr]
        for name, size in sizes.items():
            result = NodeResult((Values((name * size,)),))
            store.put(name.encode(), result, nbytes=size, seconds=2.0, source=f"Node {name}")


def test_a_second_process_recomputes_nothing_and_saves_its_picture(tmp_path: Path) -> None:
    first, second = run_in_a_process(tmp_path), run_in_a_process(tmp_path)
    assert "5" in first["ran"]  # KSampler
    assert second["ran"] == ["7"]  # SaveImage
    assert first["files"] != second["files"]
    assert all(Path(path).is_file() for path in (*first["files"], *second["files"]))
    assert "5" in run_in_a_process(tmp_path, "--cache-disk", "0")["ran"]


def test_show_tells_what_is_kept(cache_directory: Path) -> None:
    assert "0 results, 0 B, 0.0 s saved" in weft("cache", "show").stdout
    fill(cache_directory, {"a": 1000, "b": 10})
    shown = weft("cache", "show").stdout
    assert "Node a" in shown
    assert "2 results, " in shown


def test_verify_reports_and_mends(cache_directory: Path) -> None:
    assert weft("cache", "verify").exit_code == 0
    fill(cache_directory, {"a": 1000})
    assert weft("cache", "verify").exit_code == 0
    (blob,) = cache_directory.rglob("*.blob")
    blob.write_bytes(b"damaged")
    only = weft("cache", "verify", "--only-report")
    assert (only.exit_code, blob.exists()) == (1, True)
    assert "A result of Node a does not hold what was written." in only.stderr
    assert (weft("cache", "verify").exit_code, blob.exists()) == (1, False)
    assert weft("cache", "verify").exit_code == 0


def test_trim_and_clear_make_room(cache_directory: Path) -> None:
    fill(cache_directory, {"a": 30_000, "b": 10_000})
    assert " KB are removed." in weft("cache", "trim", "--to", "20K").stdout
    assert len(list(cache_directory.rglob("*.blob"))) == 1
    assert CliRunner().invoke(app, ["cache", "clear"], input="n\n").exit_code == 1
    assert len(list(cache_directory.rglob("*.blob"))) == 1
    assert weft("cache", "clear", "--yes").exit_code == 0
    assert not list(cache_directory.rglob("*.blob"))


@pytest.mark.parametrize("size", ["much", "-1", "1X", "", "1" * 50])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    result = weft("cache", "trim", "--to", size)
    assert result.exit_code == 2
    assert "write it as 500M or 2G" in result.stderr


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--cache-none", "--cache-classic"], "--cache-none and --cache-classic exclude each other"),
        (["--cache-lru", "3", "--cache-ram", "4"], "--cache-lru and --cache-ram exclude each other"),
        (["--cache-disk", "-1"], "not less than 0"),
    ],
)
def test_switches_that_contradict_each_other_are_refused(options: list[str], part: str) -> None:
    result = weft("run", WORKFLOW, *options)
    assert result.exit_code == 2
    assert part in result.stderr
