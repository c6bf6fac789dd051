"""The disk tier: what is stored, what is found again, and what stays under a budget."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.results import Result
from graph.store import open_store
from graph.store_care import totals, trim
from graph.store_index import store_folder
from tests.graph.json_store import BUDGET, JsonCodec, blobs_in, is_whole, opened, put, result, value_of


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


def test_a_file_is_known_while_it_looks_the_same(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.note_file("/a", "stamp", b"digest")
    with opened(tmp_path) as store:
        assert store.file_digest("/a", "stamp") == b"digest"
        assert store.file_digest("/a", "other") is None


@given(
    puts=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 400), st.floats(0.03, 10)), max_size=15),
    budget=st.integers(0, 900),
)
@settings(max_examples=20)
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


@pytest.mark.parametrize(("kept", "stays"), [((b"kept",), True), ((), False)])
def test_a_pinned_result_stays_while_dearer_ones_go(kept: tuple[bytes, ...], stays: bool, tmp_path: Path) -> None:
    with opened(tmp_path, 1000) as store:
        store.begin(kept)
        put(store, b"kept", "k" * 300, seconds=0.1)
        for number in range(9):
            put(store, b"%d" % number, f"{number}" * 300, seconds=9)
        store.flush()
        assert (b"kept" in store) == stays
        assert sum(path.stat().st_size for path in blobs_in(tmp_path)) <= 1000


def test_pinned_results_keep_the_budget_too(tmp_path: Path) -> None:
    keys = [b"%d" % number for number in range(9)]
    with opened(tmp_path, 1000) as store:
        store.begin(keys)
        for key in keys:
            put(store, key, key.decode() * 300)
        store.flush()
        assert 600 < sum(path.stat().st_size for path in blobs_in(tmp_path)) <= 1000
    assert is_whole(tmp_path)
