"""A damaged disk tier: never a wrong result, never a crash, a sentence that says what happened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.blob_files import BlobFiles, digest_of
from graph.store import open_store
from graph.store_care import check
from graph.store_index import INDEX, store_folder
from tests.graph.json_store import JsonCodec, blobs_in, is_whole, opened, put, value_of


@pytest.mark.parametrize("damage", ["flipped byte", "cut off", "empty", "gone"])
def test_a_damaged_blob_is_a_miss_with_a_warning_and_goes(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(tmp_path) as store:
        put(store, b"k", "x" * 100)
    (path,) = blobs_in(tmp_path)
    data = bytearray(path.read_bytes())
    data[50] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes({"flipped byte": bytes(data), "cut off": bytes(data[:30]), "empty": b""}[damage])
    with opened(tmp_path) as store:
        assert value_of(store, b"k") is None
        store.flush()
        assert "A cached result of Test is damaged (" in caplog.text
        assert blobs_in(tmp_path) == []
        put(store, b"k", "again")
        store.flush()
        assert value_of(store, b"k") == "again"
    assert is_whole(tmp_path)


@given(data=st.data())
@settings(max_examples=40)
def test_whatever_byte_is_flipped_nothing_wrong_comes_back(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flipped")
    with opened(folder) as store:
        for number in range(3):
            put(store, digest_of(b"%d" % number), [number] * 20)  # keys that no single bit turns into each other
    files = [*blobs_in(folder), store_folder(folder) / INDEX]
    path = data.draw(st.sampled_from(files))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    store = opened(folder)
    with store:
        for number in range(3):
            assert value_of(store, digest_of(b"%d" % number)) in (None, [number] * 20)


def test_an_index_whose_damage_is_no_text_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(tmp_path) as store:
        put(store, digest_of(b"0"), [0] * 20)
    path = store_folder(tmp_path) / INDEX
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE", b"CREA\xc5E TABLE"))  # SQLite quotes it when it complains
    with opened(tmp_path) as store:
        assert value_of(store, digest_of(b"0")) is None
    assert "is begun anew" in caplog.text


def test_check_finds_and_mends_damage_lost_files_and_strays(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for number in range(3):
            put(store, b"%d" % number, [number] * 10)
    first, second, _ = blobs_in(tmp_path)
    first.write_bytes(b"something else")
    second.unlink()
    BlobFiles(store_folder(tmp_path) / "blobs").write(b"a row was never made for this")
    part = first.parent / "left.part"
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    found = check(store_folder(tmp_path), is_repairing=False)
    assert len(found.problems) == 3
    assert any("does not hold what was written" in problem for problem in found.problems)
    assert any("has lost its file" in problem for problem in found.problems)
    assert any("2 files belong to no result" in problem for problem in found.problems)
    assert check(store_folder(tmp_path), is_repairing=True).problems == found.problems
    again = check(store_folder(tmp_path), is_repairing=False)
    assert (again.problems, again.blobs) == ((), 1)
    assert not part.exists()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look like one " * 50, b""])
def test_an_index_that_is_none_is_begun_anew(content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(tmp_path) as store:
        put(store, b"k", 1)
    for path in store_folder(tmp_path).glob(f"{INDEX}*"):
        path.write_bytes(content)
    with opened(tmp_path) as store:
        assert b"k" not in store
        put(store, b"k", 2)
    with opened(tmp_path) as store:
        assert value_of(store, b"k") == 2
    assert ("is damaged" in caplog.text) == bool(content)


def test_an_index_with_a_damaged_page_is_found_and_begun_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        for number in range(300):
            put(store, digest_of(b"%d" % number), number)
    path = store_folder(tmp_path) / INDEX
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 100] = b"x" * 100
    path.write_bytes(content)
    assert "The index is damaged (" in check(store_folder(tmp_path), is_repairing=False).problems[0]
    assert len(check(store_folder(tmp_path), is_repairing=True).problems) == 1
    assert is_whole(tmp_path)
    assert blobs_in(tmp_path) == []
    with opened(tmp_path) as store:
        put(store, b"k", 1)
    with opened(tmp_path) as store:
        assert value_of(store, b"k") == 1


def test_a_folder_that_cannot_be_used_is_no_store(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_text("a file")
    assert open_store(tmp_path / "cache", codec=JsonCodec(), realm=b"", budget_bytes=1) is None
    assert "cannot be used" in caplog.text
