"""extra_model_paths.yaml means what it means to ComfyUI; what is wrong with one is told with file, section and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from files.folders import Folders
from files.model_paths import ModelPath, ModelPathsError, gather_model_paths, read_model_paths

EXAMPLE = """
#a comment
comfyui:
     base_path: shared/
     is_default: true
     checkpoints: models/checkpoints/
     text_encoders: |
          models/text_encoders/
          models/clip/  # legacy location still supported
a1111:
    base_path: /a1111
    vae: models/VAE
    loras: |
         models/Lora

         models/LyCORIS
    unet: models/unet
    my_kind: /elsewhere/mine
other:
    embeddings: beside/the/file
nothing:
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with two programs' folders."""
    path = tmp_path / "extra_model_paths.yaml"
    path.write_text(EXAMPLE.replace("  # legacy location still supported", ""))
    return path


def test_folders_are_relative_to_base_path_and_that_to_the_file(file: Path) -> None:
    shared = file.parent / "shared" / "models"
    assert read_model_paths(file) == (
        ModelPath("checkpoints", shared / "checkpoints", True),
        ModelPath("text_encoders", shared / "text_encoders", True),
        ModelPath("text_encoders", shared / "clip", True),
        ModelPath("vae", Path("/a1111/models/VAE")),
        ModelPath("loras", Path("/a1111/models/Lora")),
        ModelPath("loras", Path("/a1111/models/LyCORIS")),
        ModelPath("unet", Path("/a1111/models/unet")),
        ModelPath("my_kind", Path("/elsewhere/mine")),
        ModelPath("embeddings", file.parent / "beside" / "the" / "file"),
    )


def test_default_folders_come_first_others_last_and_each_once(file: Path, tmp_path: Path) -> None:
    folders = Folders.below(tmp_path, extra=(*read_model_paths(file), ModelPath("vae", tmp_path / "models" / "vae")))
    assert folders.model_roots("checkpoints")[0] == tmp_path / "shared" / "models" / "checkpoints"
    assert folders.model_roots("loras")[:3] == (tmp_path / "models" / "loras", *_lora_folders())
    assert folders.model_roots("vae")[:2] == (tmp_path / "models" / "vae", Path("/a1111/models/VAE"))
    assert folders.model_roots("clip")[:2] == (
        tmp_path / "shared" / "models" / "clip",
        tmp_path / "shared" / "models" / "text_encoders",
    )
    assert Path("/a1111/models/unet") in folders.model_roots("diffusion_models")
    assert folders.model_roots("my_kind") == (Path("/elsewhere/mine"),)


def _lora_folders() -> tuple[Path, Path]:
    return Path("/a1111/models/Lora"), Path("/a1111/models/LyCORIS")


def test_models_of_further_folders_are_found_and_of_new_kinds_all_files(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "any.thing").write_bytes(b"")
    folders = Folders.below(tmp_path / "base", extra=[ModelPath("my_kind", tmp_path / "mine")])
    assert folders.model_names("my_kind") == ["any.thing"]
    assert folders.find_model("my_kind", "any.thing") == tmp_path / "mine" / "any.thing"


def test_variables_and_home_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("MODELS", "/mnt/models")
    file = tmp_path / "x.yaml"
    file.write_text("a: {base_path: ~/stuff, vae: vae}\nb: {base_path: $MODELS, vae: [one, two]}\n")
    paths = [each.path for each in read_model_paths(file)]
    assert paths == [Path("/home/me/stuff/vae"), Path("/mnt/models/one"), Path("/mnt/models/two")]


def test_the_file_in_the_base_folder_is_read_before_those_that_are_named(file: Path, tmp_path: Path) -> None:
    named = tmp_path / "named.yaml"
    named.write_text("more: {vae: /more}")
    assert gather_model_paths(tmp_path, [named]) == (*read_model_paths(file), ModelPath("vae", Path("/more")))
    assert gather_model_paths(tmp_path / "elsewhere") == ()


@pytest.mark.parametrize("text", ["", "# all of it\n# is commented out\n", "comfyui:\n"])
def test_a_file_that_says_nothing_adds_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert read_model_paths(tmp_path / "x.yaml") == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- a", "x.yaml: \"['a']\" was found; expected sections"),
        ("a: 5", "x.yaml, a: '5' was found; expected kinds"),
        ("a: {base_path: 5}", "x.yaml, a.base_path: '5' was found; expected a folder."),
        ("a: {is_default: maybe}", "x.yaml, a.is_default: 'maybe' was found; expected true or false."),
        ("a: {vae: {b: c}}", "x.yaml, a.vae: \"{'b': 'c'}\" was found; expected a folder"),
        ("a: {vae: }", "x.yaml, a.vae: nothing was found; expected a folder"),
        ("a: [", "x.yaml is not YAML: while parsing"),
        ("a: !!python/object/apply:os.system [ls]", "x.yaml is not YAML: could not determine a constructor"),
        (b"\xff\xfe\xfa", "x.yaml is not YAML"),
        (None, "x.yaml cannot be read: No such file or directory."),
    ],
)
def test_what_is_wrong_is_told_with_file_section_and_key(
    tmp_path: Path, text: str | bytes | None, sentence: str
) -> None:
    file = tmp_path / "x.yaml"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelPathsError) as error:
        read_model_paths(file)
    assert str(error.value).startswith(f"{tmp_path}/{sentence}")
