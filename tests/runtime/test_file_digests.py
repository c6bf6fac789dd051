"""Digests of files: by content, read once while a file looks the same."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from graph.store import open_store
from runtime.blobs import ResultCodec
from runtime.file_digests import FileDigests, stamps_below

LONG_AGO_NS = 10**18


@pytest.fixture(autouse=True)
def every_file_has_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.file_digests.SETTLED_S", -1.0)


def digests_in(folder: Path) -> FileDigests:
    return FileDigests(open_store(folder / "cache", codec=ResultCodec(), realm=b"", budget_bytes=0))


def end(digests: FileDigests) -> None:
    assert digests._store is not None
    digests._store.close()


def test_equal_content_is_equal_whatever_the_time(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"same")
    other.write_bytes(b"same")
    os.utime(other, ns=(LONG_AGO_NS, LONG_AGO_NS))
    digests = digests_in(tmp_path)
    assert digests.of(one) == digests.of(other)
    other.write_bytes(b"more")
    assert digests.of(one) != digests.of(other)
    end(digests)


def test_a_change_that_keeps_size_and_time_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"first")
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    digests = digests_in(tmp_path)
    before = digests.of(path)
    os.unlink(path)
    path.write_bytes(b"other")
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert digests.of(path) != before
    end(digests)


def test_a_later_process_does_not_read_the_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    digests = digests_in(tmp_path)
    before = digests.of(path)
    end(digests)
    later = digests_in(tmp_path)
    monkeypatch.setattr(FileDigests, "_read", None)
    assert later.of(path) == later.of(path) == before
    end(later)


def test_a_file_that_has_just_changed_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.file_digests.SETTLED_S", 3600.0)
    path = tmp_path / "file"
    path.write_bytes(b"content")
    digests = digests_in(tmp_path)
    digests.of(path)
    monkeypatch.setattr(FileDigests, "_read", lambda self, path, on_read: "read again")
    assert digests.of(path) == "read again"
    end(digests)


def test_what_takes_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.file_digests.SLOW_S", -1.0)
    (tmp_path / "large.safetensors").write_bytes(b"content")
    told: list[str] = []
    digests = digests_in(tmp_path)
    FileDigests(digests._store, told.append).of(tmp_path / "large.safetensors")
    assert [sentence.split(";")[0] for sentence in told] == ["Reading large.safetensors once to know its content"]
    end(digests)


class Stop(Exception):
    pass


def test_how_far_a_large_file_is_read_is_told_and_the_reading_can_be_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.file_digests.TOLD_EVERY_S", -1.0)
    monkeypatch.setattr("runtime.file_digests.CHUNK_BYTES", 4)
    path = tmp_path / "large.safetensors"
    path.write_bytes(b"0123456789")
    digests, told = digests_in(tmp_path), list[tuple[str, int, int]]()

    def stop_in_the_middle(name: str, value: int, total: int) -> None:
        if value == 8:
            raise Stop

    with pytest.raises(Stop):
        digests.of(path, stop_in_the_middle)
    digests.of(path, lambda *read: told.append(read))
    assert told == [("large.safetensors", read, 10) for read in (4, 8, 10)]
    told.clear()
    digests.of(path, lambda *read: told.append(read))
    assert told == [], "its digest is known by now"
    end(digests)


def test_a_folder_changes_with_any_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    seen = [list(stamps_below(tmp_path))]
    for name, content in (("a", "1"), ("sub/b", "1"), ("a", "12")):
        (tmp_path / name).write_text(content)
        seen.append(list(stamps_below(tmp_path)))
    assert all(one != other for one, other in pairwise(seen))


def test_a_glance_knows_what_was_read_and_reads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    digests = digests_in(tmp_path)
    looks = digests.glance(path)
    assert looks == [path.stat().st_size, path.stat().st_mtime_ns]
    content = digests.of(path)
    assert digests.glance(path) == content != looks
    path.write_bytes(b"another")
    assert digests.glance(path) != content
    end(digests)
    later = digests_in(tmp_path)
    path.write_bytes(b"content")
    assert later.glance(path) != content
    end(later)
