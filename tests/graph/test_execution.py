"""What a run holds, and what it keeps from nodes."""

import weakref
from typing import Annotated, Any

from graph.cache import MemoryCache
from graph.execute import Engine
from graph.registry import Registry
from graph.run import Run
from graph.spec import node
from graph.types import SocketType
from graph.workflow import Link, Node, Workflow


class Thing:
    """A value that can be watched and has no digest."""


Thingy = Annotated[Thing, SocketType("THING")]


@node(category="test")
def Make(number: int = 0) -> Thingy:
    return Thing()


@node(category="test")
def Watch(thing: Thingy, *, run: Run) -> int:
    run.resource(list).append(weakref.ref(thing))
    return 1


@node(category="test")
def Alive(after: int, *, run: Run) -> int:
    return sum(ref() is not None for ref in run.resource(list))


@node(category="test")
def Spoil(items: Any) -> int:
    items.append(1)
    return len(items)


def engine(budget: int) -> Engine:
    registry = Registry.of(Make, Watch, Alive, Spoil)
    return Engine(registry, MemoryCache(budget), nbytes=lambda value: 8, resources={list: []})


def test_results_that_nothing_reads_any_more_are_let_go() -> None:
    workflow = Workflow.of(
        Node("1", "Make"), Node("2", "Watch", {"thing": Link("1", 0)}), Node("3", "Alive", {"after": Link("2", 0)})
    )
    assert engine(0).run(workflow, outputs=("3",)).outputs["3"] == (0,)
    assert engine(100_000).run(workflow, outputs=("3",)).outputs["3"] == (1,)  # the cache holds it
    assert engine(0).run(workflow, outputs=("3", "1")).outputs["3"] == (1,)  # it was asked for


def test_a_node_cannot_change_the_workflow_through_a_literal() -> None:
    workflow = Workflow.of(Node("1", "Spoil", {"items": [5]}))
    assert engine(0).run(workflow, outputs=("1",)).outputs["1"] == (2,)
    assert workflow.nodes["1"].inputs["items"] == [5]
