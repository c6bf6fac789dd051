"""Names become paths inside their folders; what is not there is told with the folder and the nearest name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from files.folders import FolderError, Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    for name in ("models/checkpoints/sub/base.safetensors", "models/clip/l.safetensors", "input/cat.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "models" / "checkpoints" / "gone.safetensors").symlink_to("/nowhere/gone.safetensors")
    (tmp_path / "input" / "gone.png").symlink_to("/nowhere/gone.png")
    return Folders.below(tmp_path)


def test_files_are_found_by_the_names_that_are_listed(folders: Folders) -> None:
    assert folders.model_names("checkpoints") == ["gone.safetensors", "sub/base.safetensors"]
    assert folders.find_model("checkpoints", "sub/base.safetensors").is_file()
    assert folders.find_model("text_encoders", "l.safetensors").is_file()
    assert folders.input_path("cat.png") == folders.input / "cat.png"


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("checkpoints", "sub/bose.safetensors", '"sub/bose.safetensors" is not in {models}/checkpoints; did you mean '
         '"sub/base.safetensors"? Put the file there, or choose another.'),
        ("checkpoints", "x", '"x" is not in {models}/checkpoints; there is: gone.safetensors, sub/base.safetensors. '
         "Put the file there, or choose another."),
        ("vae", "x", '"x" is not in {models}/vae; the folder is empty. Put the file there, or choose another.'),
        ("checkpoints", "gone.safetensors", "{models}/checkpoints/gone.safetensors is a link to "
         "/nowhere/gone.safetensors, which is not there; put the file there, or mend the link."),
        ("checkpoints", "../vae/x", '"../vae/x" leads outside {models}/checkpoints; use a name below that folder.'),
        ("checkpoint", "x", 'There is no model folder "checkpoint"; did you mean "checkpoints"?'),
        ("xyz", "x", 'There is no model folder "xyz".'),
    ],
)  # fmt: skip
def test_a_missing_model_is_told_in_a_sentence(folders: Folders, kind: str, name: str, sentence: str) -> None:
    with pytest.raises(FolderError) as error:
        folders.find_model(kind, name)
    assert str(error.value) == sentence.format(models=folders.base / "models")


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("cot.png", '"cot.png" is not in .*/input; did you mean "cat.png"?'),
        ("cat.png [output]", '"cat.png" is not in .*/output.'),
        ("../cat.png [temp]", '"../cat.png" leads outside .*/temp; use a name below'),
        ("/etc/passwd", '"/etc/passwd" leads outside .*/input; use a name below'),
        ("gone.png", ".*/input/gone.png is a link to /nowhere/gone.png, which is not there"),
    ],
)
def test_a_missing_picture_is_told_in_a_sentence(folders: Folders, name: str, part: str) -> None:
    with pytest.raises(FolderError, match="^" + part.replace("?", re.escape("?"))):
        folders.input_path(name)


def test_every_folder_may_be_elsewhere(tmp_path: Path) -> None:
    places = {name: tmp_path / "elsewhere" / name for name in ("output", "input", "temp", "user", "models")}
    folders = Folders.below(tmp_path, **places)
    assert folders.root("output") == places["output"]
    assert (folders.input, folders.temp, folders.user) == (places["input"], places["temp"], places["user"])
    assert folders.model_roots("vae") == (places["models"] / "vae", places["output"] / "vae")
    assert folders.model_roots("custom_nodes") == (tmp_path / "custom_nodes",)
    assert folders.root("models") is None


def test_models_that_nodes_saved_are_found(folders: Folders) -> None:
    saved = folders.output / "checkpoints" / "merged.safetensors"
    saved.parent.mkdir(parents=True)
    saved.write_bytes(b"")
    assert "merged.safetensors" in folders.model_names("checkpoints")
    assert folders.find_model("checkpoints", "merged.safetensors") == saved


def test_kinds_list_the_files_that_are_of_them(folders: Folders) -> None:
    for name in ("configs/v1.yaml", "configs/readme.txt", "classifiers/plain", "diffusers/m/model_index.json"):
        path = folders.base / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert folders.model_names("configs") == ["v1.yaml"]
    assert folders.model_names("classifiers") == ["plain"]
    assert folders.model_names("diffusers") == []


def test_pictures_sounds_and_videos_of_the_input_folder_are_listed_apart(tmp_path: Path) -> None:
    folders = Folders.below(tmp_path)
    folders.input.mkdir(parents=True, exist_ok=True)
    for name in ("a.png", "b.FLAC", "c.mp4", "d.txt"):
        (folders.input / name).touch()
    assert folders.input_names() == ["a.png"]
    assert folders.input_names("input_sound") == ["b.FLAC", "c.mp4"]
    assert folders.input_names("input_video") == ["c.mp4"]
