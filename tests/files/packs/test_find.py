"""Which packs there are in folders, and what they say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from files.packs import ManifestError, Pack, find_packs, find_switched_off, read_manifest


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_folders_and_single_files_are_packs(tmp_path: Path) -> None:
    write(tmp_path / "rain" / "__init__.py")
    write(tmp_path / "Snow.py")
    write(tmp_path / "notes.txt")
    assert find_packs([tmp_path]) == [
        Pack("rain", tmp_path / "rain"),
        Pack("Snow", tmp_path / "Snow.py", is_file=True),
    ]


def test_hidden_cached_and_switched_off_ones_are_none(tmp_path: Path) -> None:
    for name in (".git", "__pycache__", "rain.disabled", ".disabled/snow"):
        write(tmp_path / name / "__init__.py")
    write(tmp_path / "hail.py.disabled")
    write(tmp_path / "__init__.py")
    assert find_packs([tmp_path]) == []
    assert {pack.name for pack in find_switched_off([tmp_path])} == {"rain", "snow", "hail"}


def test_of_two_with_one_name_the_earlier_folder_wins(tmp_path: Path) -> None:
    write(tmp_path / "one" / "rain" / "__init__.py")
    write(tmp_path / "two" / "rain.py")
    (found,) = find_packs([tmp_path / "one", tmp_path / "two", tmp_path / "missing"])
    assert found.path == tmp_path / "one" / "rain"


def test_dots_and_dashes_in_names_can_be_imported() -> None:
    assert Pack("ComfyUI-Rain v1.2", Path("x")).module == "custom_nodes.ComfyUI-Rain v1_x_2"


def test_a_pack_without_a_manifest_has_its_own_name(tmp_path: Path) -> None:
    write(tmp_path / "rain" / "requirements.txt", "# what it needs\nnoise>=1.2  # for clouds\n--pre\n\n")
    manifest = read_manifest(Pack("rain", tmp_path / "rain"))
    assert (manifest.name, manifest.version, manifest.requires) == ("rain", None, ("noise>=1.2",))


def test_weft_s_table_wins_over_the_project_s(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        '[project]\nname = "rain-pack"\nversion = "1.0"\ndependencies = ["a"]\n'
        '[tool.comfy]\nDisplayName = "Rain for Comfy"\nweb = "js"\n'
        '[tool.weft]\nname = "Rain"\nversion = "2.0"\nrequires = ["b>1"]\nweb = "web"\n',
    )
    manifest = read_manifest(Pack("rain", tmp_path))
    assert (manifest.name, manifest.version, manifest.requires, manifest.web) == ("Rain", "2.0", ("b>1",), "web")


def test_packs_for_comfyui_are_read_too(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        '[project]\nname = "rain-pack"\nversion = "1.0"\ndependencies = ["a"]\n[tool.comfy]\nweb = "js"\n',
    )
    manifest = read_manifest(Pack("rain", tmp_path))
    assert (manifest.name, manifest.version, manifest.requires, manifest.web) == ("rain-pack", "1.0", ("a",), "js")


@pytest.mark.parametrize(
    "text",
    ["[tool.weft", "[tool]\nweft = 1", "[tool.weft]\nname = 1", '[tool.weft]\nrequires = "a"', "\x00", "project = 3"],
)
def test_a_manifest_that_is_wrong_says_where(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "pyproject.toml", text)
    with pytest.raises(ManifestError, match=str(path)):
        read_manifest(Pack("rain", tmp_path))
