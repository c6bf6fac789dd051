"""What the memory tier keeps under each of ComfyUI's switches, and a user's marks on nodes."""

from __future__ import annotations

import pytest

from graph.cache import MemoryCache
from graph.execute import Engine
from graph.registry import Registry
from graph.results import Result, Values
from graph.spec import node
from graph.strategies import STRATEGIES, Limits
from graph.workflow import CacheMark, Link, Node, Workflow


@node(category="test")
def Number(value: int = 0) -> int:
    return value


@node(category="test")
def Double(value: int) -> int:
    return 2 * value


REGISTRY = Registry.of(Number, Double)


def engine(name: str, nbytes: int = 100, **limits: int) -> Engine:
    cache = MemoryCache(strategy=STRATEGIES[name](Limits(**limits)))  # type: ignore[arg-type]
    return Engine(REGISTRY, cache, nbytes=lambda value: nbytes)


def pair(value: int, mark: CacheMark | None = None) -> Workflow:
    return Workflow.of(Node("1", "Number", {"value": value}, mark=mark), Node("2", "Double", {"value": Link("1", 0)}))


def ran(engine: Engine, workflow: Workflow) -> tuple[str, ...]:
    return engine.run(workflow, outputs=("2",)).ran


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_gives_right_results(name: str) -> None:
    runs = engine(name, budget_bytes=700, results=3)
    for value in (1, 2, 1, 3, 3, 1):
        assert runs.run(pair(value), outputs=("2",)).outputs == {"2": (2 * value,)}


def test_none_keeps_nothing() -> None:
    runs = engine("none")
    assert ran(runs, pair(1)) == ran(runs, pair(1)) == ("1", "2")


def test_classic_keeps_the_last_workflow_whole_and_nothing_else() -> None:
    runs = engine("classic")
    chain = Workflow.of(
        Node("0", "Number"), *(Node(str(i), "Double", {"value": Link(str(i - 1), 0)}) for i in range(1, 99))
    )
    runs.run(chain, outputs=("98",))
    assert runs.run(chain, outputs=("98",)).ran == ()
    assert ran(runs, pair(5)) == ("1", "2")
    assert ran(runs, pair(5)) == ()
    assert runs.run(chain, outputs=("98",)).ran == tuple(chain.nodes)


def test_lru_keeps_a_number_of_results_and_those_used_last() -> None:
    runs = engine("lru", results=4)
    for value in (1, 2, 1, 3):  # 2 was used before 1
        ran(runs, pair(value))
    assert ran(runs, pair(1)) == ()
    assert ran(runs, pair(2)) == ("1", "2")


def test_lru_keeps_a_workflow_that_is_larger_than_its_number() -> None:
    runs = engine("lru", results=1)
    assert ran(runs, pair(1)) == ("1", "2")
    assert ran(runs, pair(1)) == ()


def test_ram_gives_back_when_little_is_free() -> None:
    free = [100 * 1024**2]
    limits = Limits(headroom_bytes=50 * 1024**2, available=lambda: free[0])
    cache = MemoryCache(strategy=STRATEGIES["ram"](limits))
    result = Result((Values((1,)),))
    assert cache.put(b"a", result, nbytes=2 * 1024**2, seconds=1)
    free[0] = 1024**2
    assert not cache.put(b"b", result, nbytes=2 * 1024**2, seconds=1)
    assert b"a" not in cache
    free[0] = 100 * 1024**2
    assert cache.put(b"b", result, nbytes=2 * 1024**2, seconds=1)


def test_what_is_marked_never_runs_in_each_run() -> None:
    runs = Engine(REGISTRY, MemoryCache(10**6), nbytes=lambda value: 100, digest=lambda value: None)
    marked = pair(1, CacheMark.NEVER)
    assert ran(runs, marked) == ("1", "2")
    assert ran(runs, marked) == ("1",)  # what follows is found by content
    assert ran(runs, pair(1)) == ("1",)


@pytest.mark.parametrize(("mark", "stays"), [(None, False), (CacheMark.PIN, True)])
def test_a_pinned_result_stays_while_others_go(mark: CacheMark | None, stays: bool) -> None:
    cache = MemoryCache(1300)  # a few results of RESULT_BYTES and 100
    runs = Engine(REGISTRY, cache, nbytes=lambda value: 100, clock=lambda: 0.0)
    first = Node("0", "Number", {"value": 7}, mark=mark)
    chain = [Node(str(i), "Double", {"value": Link(str(i - 1), 0)}) for i in range(1, 20)]
    runs.run(Workflow.of(first, *chain), outputs=("19",))
    assert (runs.plan(Workflow.of(first), ("0",)).keys["0"] in cache) == stays


def test_a_pin_ends_with_the_next_workflow_without_it() -> None:
    cache = MemoryCache(100)
    result = Result((Values((1,)),))
    cache.begin((b"a",), (b"a",))
    cache.put(b"a", result, nbytes=100, seconds=0.1)
    assert not cache.put(b"b", result, nbytes=100, seconds=9.0)
    cache.begin((b"b",), ())
    assert cache.put(b"b", result, nbytes=100, seconds=9.0)
    assert b"a" not in cache


def test_a_result_whose_files_are_gone_is_none() -> None:
    gone: set[str] = set()
    cache = MemoryCache(1000, is_current=lambda result: result.ui["file"] not in gone)
    cache.put(b"a", Result((), {"file": "a.png"}), nbytes=1, seconds=1, also=b"c")
    assert b"a" in cache
    gone.add("a.png")
    assert b"c" not in cache
    assert cache.get(b"a") is None
    assert cache.statistics().entries == 0


def test_ram_lets_results_of_other_workflows_go_first_those_used_longest_ago() -> None:
    """100 bytes are free, each result that goes frees 10, and 120 are to be free beside what other workflows gave."""
    held: list[MemoryCache] = []
    limits = Limits(inactive_bytes=120, available=lambda: 100 + 10 * (5 - held[0].statistics().entries))
    cache = MemoryCache(strategy=STRATEGIES["ram"](limits))
    held.append(cache)
    for name in (b"a", b"b", b"c", b"d", b"e"):
        cache.put(name, Result((Values((1,)),)), nbytes=10, seconds=1)
    cache.get(b"b")
    cache.begin((b"c",), (b"a",))
    assert [name for name in (b"a", b"b", b"c", b"d", b"e") if name in cache] == [b"a", b"b", b"c"]
