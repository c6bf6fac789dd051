from hypothesis import given
from hypothesis import strategies as st

from graph.cache import MemoryCache
from graph.results import Result, Values


def result(value: object) -> Result:
    return Result((Values((value,)),))


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 9), st.integers(0, 60), st.floats(0, 10)),
        st.tuples(st.just("get"), st.integers(0, 9), st.just(0), st.just(0.0)),
        st.tuples(st.just("pin"), st.integers(0, 9), st.just(0), st.just(0.0)),
        st.tuples(st.just("drop"), st.integers(0, 9), st.just(0), st.just(0.0)),
        st.tuples(st.just("alias"), st.integers(0, 9), st.integers(0, 9), st.just(0.0)),
    ),
    max_size=80,
)


@given(OPERATIONS, st.integers(0, 150))
def test_a_cache_never_exceeds_its_budget_and_keeps_what_is_pinned(
    operations: list[tuple[str, int, int, float]], budget: int
) -> None:
    cache = MemoryCache(budget_bytes=budget)
    pinned: set[bytes] = set()
    for kind, number, amount, seconds in operations:
        key = b"%d" % number
        held = {name for name in pinned if name in cache}
        entry = cache._entries.get(key)
        same_entry = entry.keys.copy() if entry else {key}
        if kind == "put":
            cache.put(key, result(number), nbytes=amount, seconds=seconds)
            assert {name for name in held if name not in cache} <= same_entry
        elif kind == "get":
            cache.get(key)
        elif kind == "pin":
            cache.pin(key)
            pinned.add(key)
        elif kind == "drop":
            cache.drop(key)
        else:
            cache.alias(b"%d" % amount, key)
        statistics = cache.statistics()
        assert 0 <= statistics.used_bytes <= budget
        assert (statistics.entries == 0) <= (statistics.used_bytes == 0)


def test_the_cheapest_per_byte_goes_first() -> None:
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"dear", result(1), nbytes=40, seconds=4.0)
    cache.put(b"cheap", result(2), nbytes=40, seconds=0.4)
    cache.put(b"new", result(3), nbytes=40, seconds=1.0)
    assert b"dear" in cache
    assert b"cheap" not in cache
    assert b"new" in cache


def test_what_nobody_asks_for_grows_old_even_if_it_was_dear() -> None:
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"dear", result(0), nbytes=50, seconds=5.0)
    for number in range(20):
        cache.put(b"n%d" % number, result(number), nbytes=50, seconds=1.0)
    assert b"dear" not in cache


def test_what_is_asked_for_stays() -> None:
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"asked", result(0), nbytes=50, seconds=1.1)
    for number in range(50):
        assert cache.get(b"asked") is not None
        cache.put(b"n%d" % number, result(number), nbytes=50, seconds=1.0)
    assert b"asked" in cache


def test_a_pinned_result_is_not_evicted_until_it_is_unpinned() -> None:
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"pinned", result(1), nbytes=80, seconds=0.0)
    cache.pin(b"pinned")
    assert not cache.put(b"other", result(2), nbytes=80, seconds=9.0)
    assert b"pinned" in cache
    cache.unpin(b"pinned")
    assert cache.put(b"other", result(2), nbytes=80, seconds=9.0)
    assert b"pinned" not in cache


def test_a_result_larger_than_the_budget_is_refused_and_evicts_nothing() -> None:
    cache = MemoryCache(budget_bytes=10)
    cache.put(b"small", result(1), nbytes=5, seconds=1.0)
    assert not cache.put(b"large", result(2), nbytes=11, seconds=100.0)
    assert b"small" in cache
    assert cache.statistics().refusals == 1


def test_a_result_under_two_keys_is_counted_once_and_goes_at_once() -> None:
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"made", result(1), nbytes=60, seconds=1.0, also=b"content")
    assert cache.get(b"content") is cache.get(b"made")
    assert cache.statistics().used_bytes == 60
    cache.drop(b"content")
    assert b"made" not in cache
    assert cache.statistics().used_bytes == 0


def test_statistics_count_hits_misses_evictions_and_saved_time() -> None:
    cache = MemoryCache(budget_bytes=10)
    cache.get(b"a")
    cache.put(b"a", result(1), nbytes=10, seconds=2.5)
    cache.get(b"a")
    cache.put(b"b", result(2), nbytes=10, seconds=6.0)
    found = cache.statistics()
    assert (found.hits, found.misses, found.evictions, found.saved_s, found.entries) == (1, 1, 1, 2.5, 1)


def test_many_hits_do_not_make_the_cache_grow() -> None:
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"a", result(1), nbytes=1, seconds=1.0)
    for _ in range(1_000):
        cache.get(b"a")
    assert len(cache._heap) <= 2 * 1 + 64


def test_clear_forgets_all() -> None:
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"a", result(1), nbytes=1, seconds=1.0)
    cache.clear()
    assert cache.get(b"a") is None
    assert cache.statistics().used_bytes == 0


def test_what_is_worth_less_than_all_that_would_go_is_not_kept_until_it_is_asked_for_often() -> None:
    """The clock rises with each refusal, so that what is dear and never used again goes one day."""
    cache = MemoryCache(budget_bytes=100)
    cache.put(b"dear", result(1), nbytes=60, seconds=6.0)
    assert not cache.put(b"cheap", result(2), nbytes=60, seconds=1.0)
    assert b"dear" in cache
    attempts = 1
    while not cache.put(b"cheap", result(2), nbytes=60, seconds=1.0):
        attempts += 1
    assert 4 <= attempts <= 6
    assert (b"dear" in cache, b"cheap" in cache) == (False, True)
