"""Blocks: a value that stops whatever reads it."""

from typing import Any

import pytest

from graph.cache import MemoryCache
from graph.dynamic import Block
from graph.events import Event, NodeBlocked, NodeFinished, NodeStarted
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.types import Lazy
from graph.workflow import Link, Node, Workflow


@node(category="test")
def Numbers(count: int) -> list[int]:
    return list(range(count))


@node(category="test")
def Gate(value: int, is_open: bool = False, message: str = "") -> int | Block:
    return value if is_open else Block(message)


@node(category="test")
def Odd(value: int) -> int | Block:
    return value if value % 2 else Block(f"{value} is even")


@node(category="test")
def Two(value: int) -> tuple[int, int | Block]:
    return value, Block()


@node(category="test")
def Twice(value: int) -> int:
    return 2 * value


@node(category="test")
def Total(values: list[int]) -> int:
    return sum(values)


@node(category="test")
async def Later(value: int) -> int:
    return value


@node(category="test")
async def Switch(on: bool, yes: Lazy[int], no: Lazy[int]) -> int:
    return await (yes if on else no)


@node(category="test")
async def Caller(value: int, *, run: Run) -> int | Block:
    gated = await run.call(Gate, value=value)
    return await run.call(Twice, value=gated)


@node(category="test", output=True)
def Save(value: int, *, run: Run) -> None:
    run.show("texts", [str(value)])


REGISTRY = Registry.of(Numbers, Gate, Odd, Two, Twice, Total, Later, Switch, Caller, Save)


class Bench:
    def __init__(self) -> None:
        self.engine = Engine(
            REGISTRY, MemoryCache(100_000), nbytes=lambda value: 8 + 0 * value, digest=lambda value: None
        )
        self.events: list[Event] = []

    def run(self, *nodes: Node, outputs: tuple[str, ...] | None = None) -> RunResult:
        self.events.clear()
        return self.engine.run(Workflow.of(*nodes), outputs=outputs, emit=self.events.append)

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def reader(node_id: str, node_type: str, source: str, output: int = 0) -> Node:
    return Node(node_id, node_type, {"value": Link(source, output)})


@pytest.mark.parametrize("between", ["Twice", "Later"])
def test_nothing_behind_a_block_runs_and_its_first_readers_tell_the_message(between: str) -> None:
    bench = Bench()
    gate = Node("1", "Gate", {"value": 3, "message": "It is shut."})
    nodes = (gate, reader("2", between, "1"), reader("3", "Save", "2"), Node("4", "Save", {"value": 5}))
    for ran in (("1", "4"), ()):
        result = bench.run(*nodes)
        assert result.ran == ran
        assert result.blocked == ("2", "3")
        assert result.ui == {"4": {"texts": ["5"]}}
        assert [(event.node_id, event.message) for event in bench.of(NodeBlocked)] == [("2", "It is shut."), ("3", "")]


def test_an_open_gate_lets_everything_pass() -> None:
    gate = Node("1", "Gate", {"value": 3, "is_open": True})
    assert Bench().run(gate, reader("2", "Save", "1")).ui == {"2": {"texts": ["3"]}}


def test_one_output_may_be_blocked_alone() -> None:
    result = Bench().run(Node("1", "Two", {"value": 3}), reader("2", "Save", "1", 0), reader("3", "Save", "1", 1))
    assert (result.ran, result.blocked) == (("1", "2"), ("3",))


def test_in_a_list_only_the_blocked_entries_are_left_out() -> None:
    bench = Bench()
    numbers = Node("1", "Numbers", {"count": 4})
    result = bench.run(numbers, reader("2", "Odd", "1"), reader("3", "Twice", "2"), reader("4", "Save", "3"))
    assert result.ui == {"4": {"texts": ["2", "6"]}}
    assert bench.of(NodeBlocked)[0] == NodeBlocked("3", "0 is even", 2, 4)
    assert {event.node_id for event in bench.of(NodeFinished)} == {"1", "2", "3", "4"}


def test_who_wants_the_whole_list_does_not_run_with_a_hole_in_it() -> None:
    numbers = Node("1", "Numbers", {"count": 4})
    total = Node("3", "Total", {"values": Link("2", 0)})
    assert Bench().run(numbers, reader("2", "Odd", "1"), total, outputs=("3",)).blocked == ("3",)


@pytest.mark.parametrize(("on", "blocked"), [(True, ("3",)), (False, ())])
def test_a_promise_of_a_block_stops_its_node_only_if_it_is_awaited(on: bool, blocked: tuple[str, ...]) -> None:
    bench = Bench()
    switch = Node("3", "Switch", {"on": on, "yes": Link("1", 0), "no": Link("2", 0)})
    result = bench.run(Node("1", "Gate", {"value": 1}), Node("2", "Twice", {"value": 4}), switch, outputs=("3",))
    assert result.blocked == blocked
    assert not blocked or result.outputs["3"] == (Block(),)


def test_a_called_node_is_blocked_too() -> None:
    bench = Bench()
    result = bench.run(Node("1", "Caller", {"value": 1}), reader("2", "Save", "1"))
    assert (result.ran, result.blocked) == (("1",), ("2",))
    assert [event.node_id for event in bench.of(NodeStarted)] == ["1"]


def test_a_blocked_twin_is_blocked_as_well() -> None:
    gate = Node("1", "Gate", {"value": 3})
    assert Bench().run(gate, reader("2", "Save", "1"), reader("3", "Save", "1")).blocked == ("2", "3")
