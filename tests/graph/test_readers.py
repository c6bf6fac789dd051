"""What a run lets go, and when: as soon as nothing can read it, lazy inputs and expansions included."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.cache import MemoryCache
from graph.dynamic import Expand
from graph.execute import Engine
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.types import Lazy, SocketType
from graph.workflow import Link, Node, Workflow


class Thing:
    """A value that can be watched."""


Thingy = Annotated[Thing, SocketType("THING")]
Watched = dict[int, Any]


@node(category="test")
def Make(number: int, after: Any = None, *, run: Run) -> Thingy:
    thing = Thing()
    run.resource(dict)[number] = weakref.ref(thing)
    return thing


@node(category="test")
def Read(thing: Thingy, more: Thingy | None = None) -> int:
    return 1


@node(category="test")
async def Either(first: Lazy[Any], second: Lazy[Any], takes_first: bool = True) -> Any:
    return await first if takes_first else await second


@node(category="test")
def Alive(after: Any, *, run: Run) -> list[int]:
    """Tell which things there still are."""
    return [number for number, ref in run.resource(dict).items() if ref() is not None]


@node(category="test")
def Grow(value: Any) -> Any | Expand:
    graph = Workflow.of(Node("a", "Make", {"number": 99, "after": value}), Node("b", "Read", {"thing": Link("a", 0)}))
    return Expand(graph, (Link("b", 0),))


REGISTRY = Registry.of(Make, Read, Either, Alive, Grow)


def make(number: int, **inputs: Any) -> Node:
    return Node(f"make{number}", "Make", {"number": number, **inputs})


def read(node_id: str, *numbers: int) -> Node:
    links = {name: Link(f"make{number}", 0) for name, number in zip(("thing", "more"), numbers, strict=False)}
    return Node(node_id, "Read", links)


def alive(*nodes: Node, after: str) -> list[int]:
    """Run the nodes, none of whose results is cached, and return which things are alive after one of them."""
    watched: Watched = {}
    engine = Engine(REGISTRY, MemoryCache(0), nbytes=lambda value: 8, resources={dict: watched})
    workflow = Workflow.of(*nodes, Node("alive", "Alive", {"after": Link(after, 0)}))
    (found,) = engine.run(workflow, outputs=("alive",)).outputs["alive"]
    return list(found)


def either(takes_first: bool = True) -> Node:
    inputs = {"first": Link("first", 0), "second": Link("second", 0), "takes_first": takes_first}
    return Node("either", "Either", inputs)


def test_what_a_lazy_input_needed_is_let_go_when_it_was_read() -> None:
    """make1 ─ first ┐
    make2 ─ second ┴ either"""
    assert alive(make(1), make(2), read("first", 1), read("second", 2), either(), after="first") == []
    assert alive(make(1), make(2), read("first", 1), read("second", 2), either(), after="either") == []


def test_what_the_other_branch_could_need_is_held_until_it_cannot() -> None:
    """make1 is read by both branches; make2, which the second reads too, is never made."""
    nodes = (make(1), make(2), read("first", 1), read("second", 1, 2), either())
    assert alive(*nodes, after="either") == []
    watched: Watched = {}
    engine = Engine(REGISTRY, MemoryCache(0), nbytes=lambda value: 8, resources={dict: watched})
    first = Node("first", "Alive", {"after": Link("see", 0)})
    see = Node("see", "Read", {"thing": Link("make1", 0), "more": Link("make1", 0)})
    branches = (make(1), make(2), see, first, read("second", 1, 2), either())
    assert engine.run(Workflow.of(*branches), outputs=("either",)).outputs["either"] == ([1],)


def test_a_node_that_ran_for_a_lazy_input_does_not_run_again_in_its_turn() -> None:
    """make1 ─ read ─ either: `read` is asked for too, so both are planned; `either`, which waits for nothing, begins."""
    watched: Watched = {}
    engine = Engine(REGISTRY, MemoryCache(0), nbytes=lambda value: 8, resources={dict: watched})
    chosen = Node("either", "Either", {"first": Link("read", 0), "second": 0})
    result = engine.run(
        Workflow.of(read("other", 2), make(2), make(1), read("read", 1), chosen), outputs=("either", "read", "other")
    )
    assert sorted(result.ran) == ["either", "make1", "make2", "other", "read"]


def test_while_a_node_may_expand_all_is_held_and_then_let_go() -> None:
    nodes = (make(1), read("read", 1), Node("grow", "Grow", {"value": Link("read", 0)}))
    assert alive(*nodes, make(2, after=Link("read", 0)), read("after", 2), after="read") == []
    within = Node("see", "Alive", {"after": Link("read", 0)})
    assert alive(*nodes, within, Node("late", "Grow", {"value": Link("see", 0)}), after="late") == []
    watched: Watched = {}
    engine = Engine(REGISTRY, MemoryCache(0), nbytes=lambda value: 8, resources={dict: watched})
    late = Node("late", "Grow", {"value": Link("see", 0)})
    assert engine.run(Workflow.of(*nodes, within, late), outputs=("late", "see")).outputs["see"] == ([1],)


@node(category="test")
def Sum(number: int, *values: int, run: Run) -> int:
    run.resource(Counter)[number] += 1
    return number + sum(values)


@node(category="test")  # without a run: what has one may run graphs, and while that is so all is held
async def Choose(number: int, which: int, one: Lazy[int], two: Lazy[int], three: int = 0) -> int:
    first = await one if which & 1 else 0
    return number + first + (await two if which & 2 else 0) + three


@node(category="test")
def SumInside(number: int, value: int, *, run: Run) -> int | Expand:
    run.resource(Counter)[number] += 1
    return Expand(Workflow.of(Node("a", "Sum", {"number": -number, "values0": value})), (Link("a", 0),))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Node, ...]:
    """Nodes that read any before them: at once, if they choose to, or in a graph of their own."""
    nodes = [Node("n1", "Sum", {"number": 1})]
    for number in range(2, draw(st.integers(3, 14))):
        earlier = st.sampled_from([found.id for found in nodes]).map(lambda node_id: Link(node_id, 0))
        kind = draw(st.sampled_from(["Sum", "Choose", "Choose", "SumInside"]))
        if kind == "Sum":
            inputs = {f"values{place}": draw(earlier) for place in range(draw(st.integers(0, 3)))}
        elif kind == "SumInside":
            inputs = {"value": draw(earlier)}
        else:
            names = ("one", "two", "three") if draw(st.booleans()) else ("one", "two")
            inputs = {name: draw(earlier) for name in names} | {"which": draw(st.integers(0, 3))}
        nodes.append(Node(f"n{number}", kind, {"number": number, **inputs}))
    return tuple(draw(st.permutations(nodes)))


def expected(nodes: Sequence[Node]) -> dict[str, int]:
    """Return what each node gives, by the definition of the nodes."""
    by_id, known = {found.id: found for found in nodes}, dict[str, int]()
    for node_id in sorted(by_id, key=lambda name: int(name[1:])):
        found = by_id[node_id]
        read = {name: known[link.node_id] for name, link in found.links()}
        number = int(found.inputs["number"])  # type: ignore[arg-type]
        if found.type == "Choose":
            which = int(found.inputs["which"])  # type: ignore[arg-type]
            known[node_id] = number + read["one"] * (which & 1) + read["two"] * (which >> 1) + read.get("three", 0)
        else:
            known[node_id] = sum(read.values()) + (-number if found.type == "SumInside" else number)
    return known


@given(nodes=graphs(), data=st.data(), budget=st.sampled_from([0, 700, 10**6]))
@settings(max_examples=100)
def test_whatever_is_let_go_every_result_is_right_and_nothing_runs_twice(
    nodes: tuple[Node, ...], data: st.DataObject, budget: int
) -> None:
    outputs = data.draw(st.lists(st.sampled_from([found.id for found in nodes]), min_size=1, max_size=3, unique=True))
    ran: Counter[int] = Counter()
    registry = Registry.of(Sum, Choose, SumInside)
    engine = Engine(registry, MemoryCache(budget), nbytes=lambda value: 8, resources={Counter: ran})
    right = expected(nodes)
    for _ in range(2):
        ran.clear()
        result = engine.run(Workflow.of(*nodes), outputs=outputs)
        assert result.outputs == {node_id: (right[node_id],) for node_id in outputs}
        assert not ran or max(ran.values()) == 1
