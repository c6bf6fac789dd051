"""The disk tier among processes: they share it, are killed while they write, find no room or a locked index."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from graph.store_care import check
from graph.store_index import INDEX, store_folder
from tests.graph.json_store import blobs_in, is_whole, opened, put, value_of

ROOT = Path(__file__).parents[2]
HEAD = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.graph.json_store import opened, put, value_of
folder = Path(sys.argv[1])
"""
WRITES_FOR_EVER = """
store = opened(folder, 10**9)
for number in range(10**9):
    put(store, b"%d" % number, [number] * 20_000)
    if number % 10 == 9:
        store.flush()
        print(number, flush=True)
"""
SHARES = """
import random
numbers = random.Random(int(sys.argv[2]))
with opened(folder, 20_000) as store:
    for _ in range(300):
        number = numbers.randrange(12)
        key = b"%d" % number
        found = value_of(store, key)
        assert found in (None, [number] * 1000), found
        if found is None:
            put(store, key, [number] * 1000, seconds=numbers.uniform(0.03, 3))
        store.refresh()
"""
ON_A_FULL_DISK = """
import resource
store = opened(folder)
put(store, b"small", 1)
store.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # no file grows beyond it: the write fails
for number in range(3):
    put(store, b"%d" % number, "x" * 50_000)
    store.flush()
assert value_of(store, b"small") == 1
assert value_of(store, b"0") is None
store.close()
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HEAD + script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A folder whose writer was killed in the middle of its work, four times."""
    for wait in (10, 20, 10, 30):
        process = start(WRITES_FOR_EVER, tmp_path)
        assert process.stdout is not None
        for _ in range(wait // 10):
            assert process.stdout.readline()
        process.kill()
        process.communicate()
    return tmp_path


def test_killed_writers_leave_nothing_wrong(killed: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(killed, 10**9) as store:
        assert all(value_of(store, b"%d" % number) == [number] * 20_000 for number in range(20))
        for number in range(20, 60):
            assert value_of(store, b"%d" % number) in (None, [number] * 20_000)
    assert "damaged" not in caplog.text
    problems = check(store_folder(killed), is_repairing=True).problems
    assert all("a write did not end" in problem for problem in problems)
    assert is_whole(killed)


def test_two_processes_share_a_folder_and_both_are_right(tmp_path: Path) -> None:
    processes = [start(SHARES, tmp_path, seed) for seed in (1, 2)]
    for process in processes:
        told = process.communicate()[1]
        assert (process.returncode, told) == (0, "")
    assert is_whole(tmp_path)
    assert sum(path.stat().st_size for path in blobs_in(tmp_path)) <= 20_000


def test_a_full_disk_is_told_once_and_what_is_there_is_still_read(tmp_path: Path) -> None:
    process = start(ON_A_FULL_DISK, tmp_path)
    told = process.communicate()[1]
    assert process.returncode == 0, told
    assert told.count("The cache cannot be written to (") == 1
    assert "kept in memory only" in told
    assert is_whole(tmp_path)


def test_a_locked_index_costs_the_write_and_not_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.store_index.BUSY_S", 0.01)
    with opened(tmp_path) as store:
        other = sqlite3.connect(store_folder(tmp_path) / INDEX, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        put(store, b"k", 1)
        store.flush()
        other.execute("ROLLBACK")
        other.close()
    assert "database is locked" in caplog.text
