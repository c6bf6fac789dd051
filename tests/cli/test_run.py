"""The commands, on the built-in model and the shipped workflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from cli.app import app

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflows" / "text_to_image.json"


def weft(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        assert picture.size == (128, 128)
        return picture.convert("RGB").tobytes()


def test_the_shipped_workflow_writes_a_picture_that_runs_again(tmp_path: Path) -> None:
    first = weft("run", WORKFLOW, "--set", "KSampler.steps=2", "--quiet", "--output-directory", tmp_path)
    assert first.exit_code == 0, first.output
    picture = Path(first.stdout.strip())
    second = weft("run", picture, "--json", "--output-directory", tmp_path)
    again = Path(json.loads(second.stdout)["files"][0])
    assert again != picture
    assert pixels(again) == pixels(picture)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    result = weft("run", WORKFLOW, "--set", "KSampler.steps=0", "--set", "KSampler.sampler_name=eulr")
    assert result.exit_code == 2
    assert "0 is not in 1..10000" in result.output
    assert "eulr" in result.output


@pytest.mark.parametrize("setting", ["KSamplr.steps=3", "KSampler.stepz=3", "KSampler"])
def test_a_setting_that_fits_nothing_is_refused(setting: str) -> None:
    result = weft("run", WORKFLOW, "--set", setting)
    assert result.exit_code == 2
    assert setting in result.output or "did you mean" in result.output


def test_a_misspelt_node_type_names_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "misspelt.json"
    path.write_text('{"1": {"class_type": "KSamplr", "inputs": {}}}')
    result = weft("validate", path)
    assert result.exit_code == 2
    assert "KSampler" in result.output


def test_nodes_are_listed_and_shown() -> None:
    assert "KSampler" in weft("nodes", "list").output
    assert "latent_image: LATENT" in weft("nodes", "show", "KSampler").output
    assert weft("nodes", "show", "KSamplr").exit_code == 1
