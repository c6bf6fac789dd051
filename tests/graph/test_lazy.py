import asyncio

import pytest

from graph.cache import MemoryCache
from graph.errors import NodeError
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.types import Lazy
from graph.workflow import Link, Node, Workflow


@node(category="test")
def Number(value: int) -> int:
    return value


@node(category="test", pure=False)
def Noisy(value: int, *, run: Run) -> int:
    run.resource(list).append(value)
    return value


@node(category="test")
def Break(value: int) -> int:
    raise ValueError("it is broken")


@node(category="test")
def Numbers(count: int) -> list[int]:
    return list(range(count))


@node(category="test")
def Add(a: int, b: int) -> int:
    return a + b


@node(category="test")
async def Switch(on: bool, yes: Lazy[int], no: Lazy[int]) -> int:
    return await (yes if on else no)


@node(category="test")
async def Both(a: Lazy[int], b: Lazy[int]) -> int:
    return sum(await asyncio.gather(_awaited(a), _awaited(b)))


async def _awaited(promise: Lazy[int]) -> int:
    return await promise


REGISTRY = Registry.of(Number, Noisy, Break, Numbers, Add, Switch, Both)


def run(*nodes: Node, calls: list[int] | None = None) -> RunResult:
    resources = {list: [] if calls is None else calls}
    engine = Engine(REGISTRY, MemoryCache(10_000), nbytes=lambda value: 8, resources=resources)
    return engine.run(Workflow.of(*nodes), outputs=(nodes[-1].id,))


def switch(node_id: str, on: bool, yes: str, no: str) -> Node:
    return Node(node_id, "Switch", {"on": on, "yes": Link(yes, 0), "no": Link(no, 0)})


def test_only_the_branch_that_is_awaited_runs() -> None:
    result = run(Node("1", "Number", {"value": 5}), Node("2", "Break", {"value": 1}), switch("3", True, "1", "2"))
    assert result.outputs["3"] == (5,)
    assert set(result.ran) == {"1", "3"}


def test_a_failure_in_a_branch_names_the_node_that_failed() -> None:
    with pytest.raises(NodeError, match="Break #2 failed: it is broken"):
        run(Node("1", "Number", {"value": 5}), Node("2", "Break", {"value": 1}), switch("3", False, "1", "2"))


def test_a_node_before_two_promises_runs_once() -> None:
    calls: list[int] = []
    result = run(
        Node("1", "Noisy", {"value": 1}),
        Node("2", "Add", {"a": Link("1", 0), "b": 1}),
        Node("3", "Add", {"a": Link("1", 0), "b": 2}),
        Node("4", "Both", {"a": Link("2", 0), "b": Link("3", 0)}),
        calls=calls,
    )
    assert result.outputs["4"] == (5,)
    assert calls == [1]


def test_a_node_that_ran_already_does_not_run_again_for_a_promise() -> None:
    calls: list[int] = []
    result = run(
        Node("1", "Noisy", {"value": 3}),
        Node("2", "Add", {"a": Link("1", 0), "b": 0}),
        Node("3", "Switch", {"on": Link("2", 0), "yes": Link("1", 0), "no": 8}),
        calls=calls,
    )
    assert result.outputs["3"] == (3,)
    assert calls == [3]


def test_a_literal_can_be_awaited_too() -> None:
    assert run(Node("1", "Switch", {"on": False, "yes": 1, "no": 2})).outputs["1"] == (2,)


def test_a_list_behind_a_promise_maps_the_node() -> None:
    result = run(Node("1", "Numbers", {"count": 3}), Node("2", "Number", {"value": 9}), switch("3", True, "1", "2"))
    assert result.outputs["3"] == ([0, 1, 2],)


def test_long_chains_of_promises_need_no_recursion() -> None:
    nodes = [Node("0", "Number", {"value": 1}), Node("x", "Number", {"value": 2})]
    nodes += [switch(str(place), True, str(place - 1), "x") for place in range(1, 500)]
    assert run(*nodes).outputs["499"] == (1,)
