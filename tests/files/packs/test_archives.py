"""Zip files of others: what is in them stays inside, and there is not too much of it."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from files.packs import PackError
from files.packs.archives import Limits, unpack


def zip_of(path: Path, members: dict[str, bytes], mode: int = stat.S_IFREG | 0o644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content)
    return path


def test_the_pack_is_what_lies_there_or_in_the_one_folder(tmp_path: Path) -> None:
    flat = unpack(zip_of(tmp_path / "a.zip", {"__init__.py": b"a = 1", "b/c.py": b""}), tmp_path / "flat")
    deep = unpack(zip_of(tmp_path / "b.zip", {"rain-main/__init__.py": b"a = 1"}), tmp_path / "deep")
    assert flat == tmp_path / "flat"
    assert deep == tmp_path / "deep" / "rain-main"
    assert (flat / "__init__.py").read_bytes() == (deep / "__init__.py").read_bytes() == b"a = 1"


@pytest.mark.parametrize("name", ["../evil.py", "a/../../evil.py", "/evil.py", "C:/evil.py", "..\\evil.py"])
def test_members_that_leave_the_folder_are_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    archive = zip_of(tmp_path / "a.zip", {"good.py": b"", name: b""})
    with pytest.raises(PackError, match="leads outside"):
        unpack(archive, tmp_path / "in")
    assert list(tmp_path.iterdir()) == [archive]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    archive = zip_of(tmp_path / "a.zip", {"link": b"/etc/passwd"}, kind | 0o777)
    with pytest.raises(PackError, match="link or a device"):
        unpack(archive, tmp_path / "in")


def test_too_much_is_refused_by_what_the_archive_says(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"a.py": b"0" * 5000, "b.py": b""})
    with pytest.raises(PackError, match="holds more than"):
        unpack(archive, tmp_path / "in", Limits(nbytes=4999))
    with pytest.raises(PackError, match="has 2 files; at most 1"):
        unpack(archive, tmp_path / "in", Limits(files=1))


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"a.py": bytes(range(256)) * 40})
    content = bytearray(archive.read_bytes())
    content[60:80] = bytes(20)
    archive.write_bytes(content)
    with pytest.raises(PackError, match="damaged"):
        unpack(archive, tmp_path / "in")
    archive.write_bytes(b"no zip")
    with pytest.raises(PackError, match="no zip file"):
        unpack(archive, tmp_path / "other")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_is_told_however_the_archive_is_compressed(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.py", "a = 1\n" * 100)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[50:60] = b"\xff" * 10
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(PackError, match="damaged"):
        unpack(tmp_path / "a.zip", tmp_path / "in")


def test_a_disk_that_fails_is_not_taken_for_a_damaged_archive(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {f"{'a' * 300}.py": b""})
    with pytest.raises(OSError, match="too long"):
        unpack(archive, tmp_path / "in")


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.py", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.py", "2")
    with pytest.raises(PackError, match="twice"):
        unpack(tmp_path / "a.zip", tmp_path / "in")
