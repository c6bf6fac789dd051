"""`folder_paths` works on the folders by which Weft finds models."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

from runtime.machine import LocalMachine


@pytest.fixture
def paths(machine: LocalMachine) -> Any:
    """The module."""
    return importlib.import_module("folder_paths")


def test_folders_are_those_of_this_machine(paths: Any, machine: LocalMachine, tmp_path: Path) -> None:
    assert paths.base_path == str(tmp_path)
    assert paths.models_dir == str(tmp_path / "models")
    for kind in ("output", "temp", "input"):
        folder = str(tmp_path / kind)
        assert getattr(paths, f"{kind}_directory") == folder == paths.get_directory_by_type(kind)
        assert getattr(paths, f"get_{kind}_directory")() == folder
    assert paths.get_directory_by_type("user") is None
    assert paths.get_user_directory() == str(tmp_path / "user")
    assert os.path.dirname(paths.__file__) == str(tmp_path)


def test_a_folder_that_a_pack_adds_is_searched_by_file_widgets_too(
    paths: Any, machine: LocalMachine, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "big.safetensors").touch()
    paths.add_model_folder_path("checkpoints", str(tmp_path / "elsewhere"))
    assert machine.names("checkpoints") == ["big.safetensors"] == paths.get_filename_list("checkpoints")
    assert str(machine.folders.find_model("checkpoints", "big.safetensors")) == paths.get_full_path(
        "checkpoints", "big.safetensors"
    )


def test_a_kind_that_a_pack_adds_lists_the_files_that_end_so(paths: Any, machine: LocalMachine, tmp_path: Path) -> None:
    for name in ("a.gguf", "b.txt"):
        (tmp_path / name).touch()
    paths.folder_names_and_paths["ipadapter"] = ([str(tmp_path)], {".gguf"})
    assert machine.names("ipadapter") == ["a.gguf"] == paths.get_filename_list("ipadapter")


def test_an_ending_that_a_pack_adds_counts_for_all_kinds_of_models(
    paths: Any, machine: LocalMachine, tmp_path: Path
) -> None:
    (tmp_path / "models" / "loras").mkdir(parents=True)
    (tmp_path / "models" / "loras" / "x.weights").touch()
    assert machine.names("loras") == []
    paths.supported_pt_extensions.add(".weights")
    assert machine.names("loras") == ["x.weights"]


def test_a_default_folder_comes_first_and_each_is_there_once(paths: Any) -> None:
    paths.add_model_folder_path("clip", "/a")
    paths.add_model_folder_path("text_encoders", "/b", is_default=True)
    paths.add_model_folder_path("text_encoders", "/a", is_default=True)
    assert paths.get_folder_paths("clip")[:2] == ["/a", "/b"]
    assert paths.get_folder_paths("clip").count("/a") == 1


def test_a_list_is_fresh_after_a_file_came(paths: Any, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "vae"
    folder.mkdir(parents=True)
    assert paths.get_filename_list("vae") == []
    (folder / "x.safetensors").touch()
    os.utime(folder, (1, 1))
    assert paths.get_filename_list("vae") == ["x.safetensors"]


def test_a_list_stays_while_the_cache_is_entered(paths: Any, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "vae"
    folder.mkdir(parents=True)
    with paths.cache_helper:
        assert paths.get_filename_list("vae") == []
        (folder / "x.safetensors").touch()
        os.utime(folder, (1, 1))
        assert paths.get_filename_list("vae") == []
    assert paths.get_filename_list("vae") == ["x.safetensors"]


def test_names_with_a_folder_behind_lead_to_it_and_not_out_of_it(paths: Any, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "a.png").touch()
    assert paths.get_annotated_filepath("a.png [output]") == str(tmp_path / "output" / "a.png")
    assert paths.exists_annotated_filepath("a.png [output]")
    assert not paths.exists_annotated_filepath("a.png")
    assert not paths.exists_annotated_filepath("../output/a.png")
    with pytest.raises(ValueError, match="leads outside"):
        paths.get_annotated_filepath("../secret [input]")


def test_a_missing_model_says_where_it_was_looked_for(paths: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'"x" is not in .*loras'):
        paths.get_full_path_or_raise("loras", "x")
    assert paths.get_full_path("no such kind", "x") is None


def test_a_prefix_that_leads_out_is_refused(paths: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leads outside"):
        paths.get_save_image_path("../x", str(tmp_path / "output"))


def test_setters_move_what_packs_see(paths: Any) -> None:
    for kind in ("output", "temp", "input", "user"):
        getattr(paths, f"set_{kind}_directory")(f"/{kind}")
        assert getattr(paths, f"get_{kind}_directory")() == f"/{kind}"


@pytest.mark.parametrize("name", ["", "_x", "a b"])
def test_a_system_users_folder_has_a_plain_name(paths: Any, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        paths.get_system_user_directory(name)
    assert paths.get_system_user_directory("cache").endswith("__cache")


def test_subfolders_of_the_input_folder_are_listed(paths: Any, tmp_path: Path) -> None:
    (tmp_path / "input" / "a" / "b").mkdir(parents=True)
    assert paths.get_input_subfolders() == ["a", "a/b"]
