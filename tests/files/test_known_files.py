"""Files that are missing name the command that fetches them, where their place is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.models.sources import source_of
from files.folders import FolderError, Folders
from files.kinds import MODEL_FOLDERS, MODEL_SUFFIXES
from files.known_files import PLACES, fetch_command, known_files


def test_every_command_names_a_file_of_a_hub_and_a_kind_of_models() -> None:
    for kind, name in known_files():
        assert kind in MODEL_FOLDERS
        assert Path(name).suffix in MODEL_SUFFIXES
        words = (fetch_command(kind, name) or "").split()
        assert words[:3] == ["weft", "models", "get"]
        assert source_of(words[3], "http://127.0.0.1").name == name
        assert words[4:] == ["--to", kind]


def test_no_file_has_two_places() -> None:
    for kind in PLACES:
        names = [name for each, name in known_files() if each == kind]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("kind", ["text_encoders", "clip"])
def test_a_missing_file_names_its_place_and_its_command(kind: str, tmp_path: Path) -> None:
    folders = Folders.below(tmp_path)
    with pytest.raises(FolderError) as caught:
        folders.find_model(kind, "clip_l.safetensors")
    assert str(tmp_path / "models") in str(caught.value)
    assert str(caught.value).endswith(
        "weft models get comfyanonymous/flux_text_encoders/clip_l.safetensors --to text_encoders"
    )
    with pytest.raises(FolderError, match="Put the file there, or choose another"):
        folders.find_model(kind, "of_my_own.safetensors")


def test_validation_names_the_command_too(tmp_path: Path) -> None:
    path = tmp_path / "workflow.json"
    nodes = {
        "1": {"class_type": "VAELoader", "inputs": {"vae_name": "ae.safetensors"}},
        "2": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "3": {"class_type": "VAEDecode", "inputs": {"samples": ["2", 0], "vae": ["1", 0]}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }
    path.write_text(json.dumps(nodes))
    result = CliRunner().invoke(app, ["validate", str(path), "--base-directory", str(tmp_path)])
    assert result.exit_code == 2
    assert "weft models get Comfy-Org/z_image_turbo/split_files/vae/ae.safetensors --to vae" in result.output.replace(
        "\n", " "
    )
