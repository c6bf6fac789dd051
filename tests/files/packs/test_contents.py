"""Digests of a pack's files, what keeps a folder from being a pack, and records."""

from __future__ import annotations

from pathlib import Path

import pytest

from files.packs import Pack, PackError, Record, read_record
from files.packs.contents import RECORD, faults_in, file_digests, fingerprint
from files.packs.record import changed_files, write_record
from files.packs.sources import Kind, Source


def write(folder: Path, **texts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_the_fingerprint_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", x="1", y="2"), write(tmp_path / "b", y="2", x="1")
    (second / "__pycache__").mkdir()
    (second / "__pycache__" / "x.pyc").touch()
    (second / RECORD).touch()
    assert fingerprint(file_digests(first)) == fingerprint(file_digests(second))
    (second / "y.py").rename(second / "z.py")
    assert fingerprint(file_digests(first)) != fingerprint(file_digests(second))


def test_every_file_that_does_not_parse_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", good="a = 1", bad="\ndef f(:\n", nul="a\0b")
    write(folder / "sub", also="print 'x'")
    faults = faults_in(folder)
    assert len(faults) == 3
    assert any(fault.startswith("bad.py, line 2: ") for fault in faults)
    assert any(fault.startswith("sub/also.py, line 1: ") for fault in faults)


def test_a_folder_without_python_is_no_pack(tmp_path: Path) -> None:
    assert faults_in(tmp_path) == ["There is no Python file in it, so it is no pack."]


def test_links_that_stay_inside_are_fine_and_others_are_not(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", x="1")
    (folder / "same.py").symlink_to("x.py")
    assert faults_in(folder) == []
    (folder / "away").symlink_to(tmp_path)
    (folder / "up.py").symlink_to("../b.py")
    assert [fault.split()[0] for fault in faults_in(folder)] == ["away", "up.py"]


def test_a_record_comes_back_and_tells_what_was_edited(tmp_path: Path) -> None:
    pack = Pack("a", write(tmp_path / "a", x="1", y="2", z="3"))
    record = Record(Source(Kind.GIT, "https://example.org/a.git", "v1"), "abc", "1.0", file_digests(pack.path))
    assert read_record(pack) is None
    write_record(pack.path, record)
    assert read_record(pack) == record
    write(pack.path, y="20", later="")
    (pack.path / "z.py").unlink()
    assert changed_files(pack, record) == ["y.py", "z.py"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "x", "source": "a", "files": {}}', '{"files": 3}'])
def test_a_damaged_record_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(PackError, match="cannot be read"):
        read_record(Pack("a", tmp_path))
