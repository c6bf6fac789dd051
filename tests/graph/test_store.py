"""The disk tier: real files, real processes; never a wrong result, never a crash, a sentence that says what happened."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.blob_files import BlobFiles, digest_of
from graph.results import Result, Values
from graph.store import INDEX, Store, open_store, store_folder
from graph.store_care import check, totals, trim

ROOT = Path(__file__).parents[2]
BUDGET = 10**6


class JsonCodec:
    """Stores results of JSON values."""

    def encode(self, result: Result) -> bytes | None:
        if isinstance(result.outputs[0].items[0], set):
            return None
        return json.dumps([result.outputs[0].items[0], dict(result.ui)]).encode()

    def decode(self, data: bytes) -> Result:
        value, ui = json.loads(data)
        return Result((Values((value,)),), ui)


def opened(folder: Path, budget_bytes: int = BUDGET, realm: bytes = b"now") -> Store:
    store = open_store(folder, codec=JsonCodec(), realm=realm, budget_bytes=budget_bytes)
    assert store is not None
    return store


def result(value: object) -> Result:
    return Result((Values((value,)),))


def put(store: Store, key: bytes, value: object, seconds: float = 1.0, also: bytes | None = None) -> None:
    store.put(key, result(value), nbytes=100, seconds=seconds, source="Test", also=also)


def value_of(store: Store, key: bytes) -> object:
    found = store.get(key)
    return None if found is None else found.result.outputs[0].items[0]


def blobs_in(folder: Path) -> list[Path]:
    return sorted((store_folder(folder) / "blobs").rglob("*.blob"))


def is_whole(folder: Path) -> bool:
    return not check(store_folder(folder), is_repairing=False).problems


def test_a_result_outlives_its_store(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put(b"k", result([1, 2.5, "é"]), nbytes=77, seconds=2.5, source="KSampler", also=b"c")
    with opened(tmp_path) as store:
        assert b"k" in store
        found = store.get(b"k")
        assert found is not None
        assert (found.result, found.nbytes, found.seconds) == (result([1, 2.5, "é"]), 77, 2.5)
        assert value_of(store, b"c") == [1, 2.5, "é"]
    assert [(total.source, total.blobs, total.hits) for total in totals(store_folder(tmp_path))] == [("KSampler", 1, 2)]


def test_what_is_cheap_or_cannot_be_encoded_is_not_stored(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        put(store, b"cheap", 1, seconds=0.001)
        put(store, b"set", {1})
        store.flush()
        assert b"cheap" not in store
        assert b"set" not in store
    assert blobs_in(tmp_path) == []


def test_equal_results_share_a_file_and_another_name_leads_to_it(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        put(store, b"one", "same")
        put(store, b"two", "same")
        store.alias(b"three", b"one")
        store.alias(b"four", b"nothing")
    with opened(tmp_path) as store:
        assert [value_of(store, key) for key in (b"one", b"two", b"three", b"four")] == ["same", "same", "same", None]
    assert len(blobs_in(tmp_path)) == 1


def test_another_realm_sees_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        put(store, b"k", 1)
    with opened(tmp_path, realm=b"other code") as store:
        assert b"k" not in store
        put(store, b"k", 2)
    with opened(tmp_path) as store:
        assert value_of(store, b"k") == 1


def test_a_second_store_notices_what_the_first_wrote(tmp_path: Path) -> None:
    with opened(tmp_path) as one, opened(tmp_path) as other:
        put(one, b"k", 1)
        one.flush()
        assert b"k" not in other
        other.refresh()
        assert value_of(other, b"k") == 1


def test_writing_is_not_waited_for(tmp_path: Path) -> None:
    may_go_on = threading.Event()

    class SlowCodec(JsonCodec):
        def encode(self, result: Result) -> bytes | None:
            may_go_on.wait()
            return super().encode(result)

    store = open_store(tmp_path, codec=SlowCodec(), realm=b"", budget_bytes=BUDGET)
    assert store is not None
    put(store, b"k", 1)  # would never return if it waited
    assert b"k" not in store
    may_go_on.set()
    store.close()
    with opened(tmp_path, realm=b"") as again:
        assert value_of(again, b"k") == 1


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
@settings(max_examples=40, deadline=None)
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


@given(
    puts=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 400), st.floats(0.03, 10)), max_size=15),
    budget=st.integers(0, 900),
)
@settings(max_examples=20, deadline=None)
def test_the_budget_is_kept_and_what_is_there_is_right(
    puts: list[tuple[int, int, float]], budget: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("budget")
    with opened(folder, budget) as store:
        for number, size, seconds in puts:
            put(store, b"%d" % number, [number, "x" * size], seconds)
        store.flush()
        assert sum(path.stat().st_size for path in blobs_in(folder)) <= budget
        for number in range(7):
            found = value_of(store, b"%d" % number)
            assert (found is not None) == (b"%d" % number in store)
            assert found is None or (isinstance(found, list) and found[0] == number)
    assert is_whole(folder)


def test_what_is_dear_for_its_size_stays(tmp_path: Path) -> None:
    with opened(tmp_path, 1000) as store:
        put(store, b"dear", "d" * 300, seconds=100)
        for number in range(9):
            put(store, b"%d" % number, f"{number}" * 300, seconds=1)
        store.flush()
        assert b"dear" in store
        assert b"0" not in store


def test_trim_keeps_the_dearest(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        put(store, b"dear", "d" * 300, seconds=100)
        put(store, b"cheap", "c" * 300, seconds=1)
    assert trim(store_folder(tmp_path), 400) > 300
    with opened(tmp_path) as store:
        assert (b"dear" in store, b"cheap" in store) == (True, False)
    assert is_whole(tmp_path)


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


def test_a_file_is_known_while_it_looks_the_same(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.note_file("/a", "stamp", b"digest")
    with opened(tmp_path) as store:
        assert store.file_digest("/a", "stamp") == b"digest"
        assert store.file_digest("/a", "other") is None


HEAD = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.graph.test_store import opened, put, value_of
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
