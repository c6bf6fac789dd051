"""Files that killed writers left: they go by themselves, but never those of a write that is under way."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from graph import orphans
from graph.blob_files import BlobFiles
from graph.store_care import check, trim
from graph.store_index import Index, open_index, store_folder
from tests.graph.json_store import blobs_in, is_whole, opened, put, value_of

LONG_S = 2 * orphans.ORPHANED_S


def left_behind(folder: Path, data: bytes = b"no row was made for this", age_s: float = LONG_S) -> Path:
    """Write a blob as a process would that is killed before it enters it."""
    blobs = BlobFiles(store_folder(folder) / "blobs")
    path = blobs.path(blobs.write(data))
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def filled(folder: Path) -> None:
    with opened(folder) as store:
        for number in range(3):
            put(store, b"%d" % number, [number] * 10)
    for path in blobs_in(folder):
        os.utime(path, (time.time() - LONG_S,) * 2)


def let_time_pass(folder: Path) -> None:
    """Let the last sweep be long ago."""
    index = open_index(store_folder(folder))
    index.set_number(orphans.SWEPT, index.now() - 2 * orphans.SWEEP_EVERY_S)
    index.close()


def open_once(folder: Path) -> object:
    with opened(folder):
        return None


WAYS = {"opening": open_once, "trimming": lambda folder: trim(store_folder(folder), 10**6)}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_orphan_goes_and_what_is_in_the_index_stays(way: Callable[[Path], object], tmp_path: Path) -> None:
    filled(tmp_path)
    orphan, young = left_behind(tmp_path), left_behind(tmp_path, b"just written", age_s=1)
    let_time_pass(tmp_path)
    way(tmp_path)
    assert (orphan.exists(), young.exists()) == (False, True)
    with opened(tmp_path) as store:
        assert [value_of(store, b"%d" % number) for number in range(3)] == [[number] * 10 for number in range(3)]
    young.unlink()
    assert is_whole(tmp_path)


def test_what_trimming_removes_of_orphans_is_told(tmp_path: Path) -> None:
    filled(tmp_path)
    size = left_behind(tmp_path).stat().st_size
    assert trim(store_folder(tmp_path), 10**6) == size


def test_opening_looks_for_orphans_now_and_then_only(tmp_path: Path) -> None:
    filled(tmp_path)
    orphan = left_behind(tmp_path)
    open_once(tmp_path)
    assert orphan.exists(), "the last look is not long ago"
    let_time_pass(tmp_path)
    open_once(tmp_path)
    assert not orphan.exists()


class SlowFiles(BlobFiles):
    """Files among which one is entered by somebody else after they have been looked at."""

    def __init__(self, folder: Path, meanwhile: Callable[[], None]) -> None:
        super().__init__(folder)
        self._meanwhile = meanwhile

    def walk(self):  # type: ignore[no-untyped-def]  # as BlobFiles has it
        yield from list(super().walk())
        self._meanwhile()


def test_a_file_that_gets_its_row_while_orphans_are_looked_for_stays(tmp_path: Path) -> None:
    filled(tmp_path)
    path = left_behind(tmp_path, b"[[7], {}]")

    def enter() -> None:
        with opened(tmp_path) as other:
            put(other, b"k", [7])

    index = open_index(store_folder(tmp_path))
    assert orphans.sweep(index, SlowFiles(store_folder(tmp_path) / "blobs", enter)) == 0
    index.close()
    assert path.exists()
    assert is_whole(tmp_path)


def test_sweeping_and_writing_at_once_leave_nothing_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as old, so that sweeps take files between their write and their row."""
    monkeypatch.setattr(orphans, "ORPHANED_S", -1.0)
    folder, is_over = store_folder(tmp_path), threading.Event()
    open_once(tmp_path)

    def sweep_on() -> None:
        index = Index(folder / "index.sqlite")
        while not is_over.is_set():
            orphans.sweep(index, BlobFiles(folder / "blobs"))
        index.close()

    sweeper = threading.Thread(target=sweep_on)
    sweeper.start()
    with opened(tmp_path) as store:
        for number in range(60):
            put(store, b"%d" % number, [number] * 50)
        store.flush()
        is_over.set()
        sweeper.join()
        assert all(value_of(store, b"%d" % number) in (None, [number] * 50) for number in range(60))
    assert check(folder, is_repairing=False).problems == ()
