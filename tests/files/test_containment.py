"""Names stay below their root whatever they say; links lead out only where the owner of the root linked a whole folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.containment import FolderError, contained, names_below, resolved_below
from files.kinds import ANY_SUFFIX, PICTURE_SUFFIXES

NAUGHTY = ["..", ".", "", "a", "b.png", "/", "//", "\\", "\x00", "~", "C:", "…", "\n", "%2e%2e", "a" * 300, "\ud800"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with files in it, files beside it, and links of every kind."""
    for name in ("root/sub/in.png", "root/in.png", "outside/out.png", "outside/deep/out.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    links = {
        "root/file_link.png": "outside/out.png",
        "root/sub/folder_link": "outside",
        "root/photos": "outside",
        "root/inner": "root/sub",
        "outside/deep/back": ".",
        "root/broken": "nowhere",
    }
    for name, target in links.items():
        (tmp_path / name).symlink_to(tmp_path / target)
    return tmp_path / "root"


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/../../x", "/etc/passwd", "..\\x", "a\\..\\..\\x", "\\x", "//x", "a\x00.png", "sub/.."]
)
def test_a_name_that_points_out_is_refused(root: Path, name: str) -> None:
    for ask in (contained, resolved_below):
        with pytest.raises(FolderError, match="leads outside"):
            ask(root, name)


@pytest.mark.parametrize("name", ["file_link.png", "sub/folder_link/out.png", "photos/deep/back/beside.png"])
def test_a_link_that_leads_out_is_refused(root: Path, name: str) -> None:
    assert contained(root, name) == root / name
    with pytest.raises(FolderError, match="through a link"):
        resolved_below(root, name)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("in.png", "root/in.png"),
        ("inner/in.png", "root/sub/in.png"),
        ("photos/out.png", "outside/out.png"),
        ("photos/deep/out.png", "outside/deep/out.png"),
        ("new/file.png", "root/new/file.png"),
        ("photos/new.png", "outside/new.png"),
        (".", "root"),
    ],
)
def test_a_folder_linked_into_the_root_by_its_owner_counts_as_inside(root: Path, name: str, found: str) -> None:
    assert resolved_below(root, name) == Path(os.path.realpath(root.parent / found))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a link away")
def test_a_folder_linked_into_the_root_by_someone_else_does_not(root: Path) -> None:
    os.lchown(root / "photos", 65534, 65534)
    with pytest.raises(FolderError, match="through a link"):
        resolved_below(root, "photos/out.png")


def test_the_root_may_be_a_link(root: Path) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    assert resolved_below(link, "sub/in.png") == Path(os.path.realpath(root / "sub" / "in.png"))


@given(st.lists(st.sampled_from(NAUGHTY) | st.text(max_size=5), max_size=5).map("/".join))
def test_no_name_at_all_leads_out_of_a_root_without_links(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    root = tmp_path_factory.getbasetemp() / "plain"
    root.mkdir(exist_ok=True)
    try:
        found = resolved_below(root, name)
    except FolderError:
        return
    assert found.is_relative_to(os.path.realpath(root))


def test_a_circle_of_links_is_walked_once(root: Path) -> None:
    (root / "sub" / "up").symlink_to(root)
    names = list(names_below(root, PICTURE_SUFFIXES))
    assert "sub/in.png" in names
    assert not [name for name in names if name.startswith("sub/up/")]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere such names cannot be made")
def test_files_and_folders_whose_names_are_no_text_are_not_listed(tmp_path: Path) -> None:
    for name in (b"a.png", b"b\xff.png", b"\xfe/c.png"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    assert list(names_below(tmp_path, PICTURE_SUFFIXES)) == ["a.png"]


def test_without_suffixes_every_file_that_is_not_hidden_is_listed(tmp_path: Path) -> None:
    for name in ("a", "b.txt", ".hidden", ".git/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert sorted(names_below(tmp_path, ANY_SUFFIX)) == ["a", "b.txt"]
