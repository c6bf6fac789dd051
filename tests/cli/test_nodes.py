"""`weft nodes`: the operators of packs are listed, and a new pack passes as it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from runtime.packs.trying import try_pack
from tests.cli.packs.making import NODE, ROOT, Site


def weft(*words: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, ROOT / "main.py", *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", ["rain", "My-Rain_2"])
def test_a_new_pack_passes_its_own_test(tmp_path: Path, name: str) -> None:
    done = CliRunner().invoke(app, ["nodes", "new", name, "--base-directory", str(tmp_path)])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "custom_nodes" / name
    assert {path.name for path in folder.iterdir()} == {"__init__.py", "tests", "README.md", "pyproject.toml"}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", folder], cwd=tmp_path, env=environment, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "2 passed" in tested.stdout
    with try_pack(folder) as pack:
        assert (pack.report.problems, pack.report.version) == ((), "0.1.0")


@pytest.mark.parametrize("name", ["../rain", "1rain", "rain drops", ".rain", ""])
def test_a_name_that_is_none_for_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    done = CliRunner().invoke(app, ["nodes", "new", "--base-directory", str(tmp_path), "--", name])
    assert done.exit_code == 2
    assert "is no name for a pack" in done.output
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "custom_nodes" / "rain"
    folder.mkdir(parents=True)
    done = CliRunner().invoke(app, ["nodes", "new", "rain", "--base-directory", str(tmp_path)])
    assert done.exit_code == 2
    assert "is there already" in done.output
    assert list(folder.iterdir()) == []


def test_a_pack_that_cannot_be_written_whole_is_not_begun(tmp_path: Path) -> None:
    site = Site(tmp_path)
    code, text = site.weft_on_a_full_disk("new", "rain")
    assert (code, "File too large" in text, site.state()) == (1, True, {}), text


def test_nodes_of_packs_are_listed_and_shown_and_what_is_wrong_goes_to_standard_error(tmp_path: Path) -> None:
    packs = tmp_path / "custom_nodes"
    packs.mkdir()
    (packs / "weather.py").write_text("print('hello')\n" + NODE)
    (packs / "bad.py").write_text("1 / 0")
    code, out, err = weft("nodes", "list", "--base-directory", tmp_path)
    assert code == 0
    assert "Rain  weather  custom_nodes.weather  Let it rain." in out
    assert "hello" not in out
    assert "bad.py:1  ZeroDivisionError: division by zero." in err
    code, out, _ = weft("nodes", "show", "Rain", "--base-directory", tmp_path)
    assert (code, "value: INT = 1" in out) == (0, True)


def test_workflows_with_nodes_of_packs_validate_and_run(tmp_path: Path) -> None:
    packs = tmp_path / "custom_nodes"
    packs.mkdir()
    (packs / "weather.py").write_text(NODE)
    workflow = tmp_path / "workflow.json"
    workflow.write_text(
        '{"1": {"class_type": "Rain", "inputs": {"value": 7}},'
        ' "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}'
    )
    code, out, err = weft("validate", workflow, "--base-directory", tmp_path)
    assert (code, "can run" in " ".join(out.split())) == (0, True), err
    code, out, err = weft("run", workflow, "--to", "1", "--base-directory", tmp_path, "--cpu", "--quiet")
    assert code == 0, err
    code, _, err = weft("run", workflow, "--base-directory", tmp_path, "--cpu", "--disable-all-custom-nodes")
    assert code == 2
    assert "Rain" in err
