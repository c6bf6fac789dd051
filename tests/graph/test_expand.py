"""Expand: a graph that runs in a node's place."""

from typing import Annotated, Any

import pytest

from graph.cache import MemoryCache
from graph.dynamic import Block, Expand
from graph.encoding import encode
from graph.errors import Cancelled, NodeError
from graph.events import Event, NodeCached, NodeFailed, NodeFinished, NodeStarted, Origin, Progress
from graph.execute import Engine, RunResult
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.types import Lazy, SocketType
from graph.workflow import Link, Node, Workflow


class Thing:
    """A value without a digest."""


Thingy = Annotated[Thing, SocketType("THING")]


@node(category="test")
def Number(value: int = 0) -> int:
    return value


@node(category="test")
def Numbers(count: int) -> list[int]:
    return list(range(count))


@node(category="test")
def Add(a: int, b: int = 1, *, run: Run) -> int:
    run.progress(1, 1)
    return a + b


@node(category="test")
def Break(value: int) -> int:
    raise ValueError("it is broken")


@node(category="test", output=True)
def Save(value: int, *, run: Run) -> None:
    run.show("texts", [str(value)])


@node(category="test")
def AddTwo(value: int, *, run: Run) -> int | Expand:
    source = run.links.get("value", value)
    graph = Workflow.of(Node("a", "Add", {"a": source}), Node("b", "Add", {"a": Link("a", 0)}))
    return Expand(graph, (Link("b", 0),))


@node(category="test")
def Down(value: int, total: int = 0) -> int | Expand:
    """Add value, value - 1 … 1."""
    if not value:
        return total
    graph = Workflow.of(
        Node("sum", "Add", {"a": total, "b": value}),
        Node("down", "Down", {"value": value - 1, "total": Link("sum", 0)}),
    )
    return Expand(graph, (Link("down", 0),))


@node(category="test")
def Run_(kind: str, value: int = 1) -> int | Expand:
    return Expand(Workflow.of(Node("x", kind, {"value": value})), (Link("x", 0),))


@node(category="test")
def Listed(count: int) -> int | Expand:
    return Expand(Workflow.of(Node("x", "Numbers", {"count": count})), (Link("x", 0),))


@node(category="test")
def SaveTwice(value: int) -> int | Expand:
    nodes = (Node("x", "Save", {"value": value}), Node("y", "Save", {"value": value + 1}))
    return Expand(Workflow.of(*nodes), (value,), shown_as={"y": "other"})


@node(category="test")
def IsThing(thing: Thingy) -> bool:
    return isinstance(thing, Thing)


@node(category="test")
def GiveThing(value: int = 0) -> bool | Expand:
    return Expand(Workflow.of(Node("x", "IsThing", {"thing": Thing()})), (Link("x", 0),))


@node(category="test")
def Outside(node_id: str) -> int | Expand:
    return Expand(Workflow.of(Node("x", "Add", {"a": Link(node_id, 0)})), (Link("x", 0),))


@node(category="test")
async def Switch(on: bool, yes: Lazy[int], no: Lazy[int]) -> int:
    return await (yes if on else no)


@node(category="test")
async def Passes(value: int, times: int, *, run: Run) -> int:
    for _ in run.track(range(times)):
        (value,) = await run.expand(Workflow.of(Node("a", "Add", {"a": value})), (Link("a", 0),))
    return value


@node(category="test")
async def Caller(value: int, *, run: Run) -> int:
    first = await run.call(AddTwo, value=value)
    return int(await run.call(AddTwo, value=first))


@node(category="test")
def Stop(value: int) -> int | Expand:
    return Expand(Workflow.of(Node("x", "Gate")), (Link("x", 0),))


@node(category="test")
def Gate() -> int | Block:
    return Block("shut")


REGISTRY = Registry.of(
    *(Number, Numbers, Add, Break, Save, AddTwo, Down, Run_, Listed, SaveTwice, IsThing, GiveThing, Outside, Switch),
    *(Passes, Caller, Stop, Gate),
)


class Bench:
    def __init__(self, budget: int = 1_000_000) -> None:
        self.cache = MemoryCache(budget)
        self.engine = Engine(REGISTRY, self.cache, nbytes=lambda value: 8, digest=digest)
        self.events: list[Event] = []

    def run(self, *nodes: Node, outputs: tuple[str, ...] | None = None, **options: Any) -> RunResult:
        self.events.clear()
        outputs = outputs or (nodes[-1].id,)
        try:
            return self.engine.run(Workflow.of(*nodes), outputs=outputs, emit=self.events.append, **options)
        finally:
            assert not self.cache._pins

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def digest(value: Any) -> bytes | None:
    return None if isinstance(value, Thing) else encode(value)


NUMBER = Node("1", "Number", {"value": 5})
ADD_TWO = Node("2", "AddTwo", {"value": Link("1", 0)})


def test_a_graph_runs_in_a_nodes_place_under_ids_that_stay_the_same() -> None:
    bench = Bench()
    result = bench.run(NUMBER, ADD_TWO)
    assert result.outputs["2"] == (7,)
    assert result.ran == ("1", "2", "2.0.a", "2.0.b")
    assert Bench().run(NUMBER, ADD_TWO).ran == result.ran
    assert bench.run(NUMBER, ADD_TWO).ran == ()


def test_events_name_the_inner_node_and_the_one_that_expanded() -> None:
    bench = Bench()
    bench.run(NUMBER, ADD_TWO)
    assert Progress("2.0.a", 1, 1, origin=Origin("2", "2")) in bench.events
    started = [(event.node_id, event.origin) for event in bench.of(NodeStarted)]
    assert started == [("1", None), ("2", None), ("2.0.a", Origin("2", "2")), ("2.0.b", Origin("2", "2"))]
    assert [event.node_id for event in bench.of(NodeFinished)] == ["1", "2.0.a", "2.0.b", "2"]


def test_inner_nodes_share_the_cache_with_the_workflow() -> None:
    bench = Bench()
    bench.run(NUMBER, Node("9", "Add", {"a": Link("1", 0)}))
    result = bench.run(NUMBER, ADD_TWO)
    assert result.cached == ("1", "2.0.a")
    assert bench.of(NodeCached)[-1] == NodeCached("2.0.a", Origin("2", "2"))


@pytest.mark.parametrize("budget", [0, 10_000_000])
def test_deep_expansions_need_no_recursion(budget: int) -> None:
    bench = Bench(budget)
    result = bench.run(Node("1", "Down", {"value": 700}))
    assert result.outputs["1"] == (700 * 701 // 2,)
    assert len(bench.of(NodeFinished)[0].origin.parent) < 5
    assert bench.of(NodeStarted)[4].origin == Origin("1.0.down", "1")


def test_a_failure_names_the_inner_node_and_the_outer() -> None:
    bench = Bench()
    with pytest.raises(NodeError, match=r"^Break #1\.0\.x, inside Run_ #1, failed: it is broken$") as caught:
        bench.run(Node("1", "Run_", {"kind": "Break"}))
    assert (caught.value.node_id, caught.value.origin) == ("1.0.x", Origin("1", "1"))
    assert bench.of(NodeFailed) == [NodeFailed("1.0.x", str(caught.value), Origin("1", "1"))]


def test_a_graph_that_cannot_be_planned_is_the_outer_nodes_failure() -> None:
    with pytest.raises(NodeError, match=r'Run_ #1 failed: Nunber #1\.0\.x: there is no node type "Nunber"'):
        Bench().run(Node("1", "Run_", {"kind": "Nunber"}))
    with pytest.raises(NodeError, match=r"Outside #1 failed: .* a link comes from node #7, which is not there"):
        Bench().run(Node("1", "Outside", {"node_id": "7"}))


def test_cancel_ends_an_expansion() -> None:
    bench = Bench()
    with pytest.raises(Cancelled):
        bench.run(Node("1", "Down", {"value": 50}), cancelled=lambda: len(bench.of(NodeStarted)) > 20)
    assert len(bench.of(NodeStarted)) == 21


def test_output_nodes_of_a_graph_run_and_the_outer_node_shows_what_they_show() -> None:
    bench = Bench()
    for _ in range(2):
        result = bench.run(Node("1", "SaveTwice", {"value": 5}), Node("other", "Number"), outputs=("1",))
        assert result.outputs["1"] == (5,)
        assert {node_id: dict(ui) for node_id, ui in result.ui.items()} == {"1": {"texts": ["5", "6"]}}
    bench = Bench()
    bench.run(Node("1", "SaveTwice", {"value": 5}))
    assert NodeStarted("1.0.y", Origin("1", "other")) in bench.events


def test_a_list_that_a_graph_gives_is_a_list() -> None:
    listed = Node("1", "Listed", {"count": 3})
    assert Bench().run(listed, Node("2", "Add", {"a": Link("1", 0)})).outputs["2"] == ([1, 2, 3],)
    two = Node("0", "Numbers", {"count": 3})
    assert Bench().run(two, Node("1", "Listed", {"count": Link("0", 0)})).outputs["1"] == ([0, 0, 1],)


def test_each_item_of_a_list_expands_by_itself() -> None:
    result = Bench().run(Node("1", "Numbers", {"count": 3}), Node("2", "Down", {"value": Link("1", 0)}))
    assert result.outputs["2"] == ([0, 1, 3],)
    assert "2.1.down" in result.ran


def test_an_input_may_hold_any_value() -> None:
    assert Bench().run(Node("1", "GiveThing")).outputs["1"] == (True,)


@pytest.mark.parametrize("node_id", ["1", "unplanned"])
@pytest.mark.parametrize("budget", [0, 1_000_000])
def test_inner_nodes_may_link_to_any_node_of_the_workflow(node_id: str, budget: int) -> None:
    bench = Bench(budget)
    nodes = (NUMBER, Node("unplanned", "Add", {"a": Link("1", 0), "b": 0}), Node("3", "Outside", {"node_id": node_id}))
    result = bench.run(*nodes, outputs=("1", "3"))
    assert result.outputs["3"] == (6,)
    assert result.ran.count("1") == 1


def test_expansions_and_promises_go_together() -> None:
    nodes = (NUMBER, ADD_TWO, Node("3", "Break", {"value": 1}))
    switch = Node("4", "Switch", {"on": True, "yes": Link("2", 0), "no": Link("3", 0)})
    assert Bench().run(*nodes, switch).outputs["4"] == (7,)


def test_a_node_may_run_graphs_and_go_on_with_their_values() -> None:
    bench = Bench()
    passes = Node("1", "Passes", {"value": 3, "times": 4})
    result = bench.run(passes)
    assert result.outputs["1"] == (7,)
    assert result.ran == ("1", "1.0.a", "1.1.a", "1.2.a", "1.3.a")
    assert bench.run(Node("1", "Passes", {"value": 3, "times": 6})).ran == ("1", "1.4.a", "1.5.a")


def test_a_called_node_may_expand() -> None:
    assert Bench().run(Node("1", "Caller", {"value": 3})).outputs["1"] == (7,)


def test_a_block_that_a_graph_gives_stops_what_reads_the_outer_node() -> None:
    result = Bench().run(Node("1", "Stop", {"value": 1}), Node("2", "Save", {"value": Link("1", 0)}))
    assert result.blocked == ("2",)
