"""What a run holds, and what it keeps from nodes."""

import weakref
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from graph.cache import MemoryCache
from graph.choices import File
from graph.errors import Cancelled
from graph.events import Event, FileRead, RunStarted
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


@node(category="test")
def Load(file: Annotated[str, File("checkpoints")]) -> int:
    return 1


def read_slowly(file: File, name: str, on_read: Callable[[str, int, int], None] | None = None) -> str:
    for done in (1, 2, 3):
        if on_read is not None:
            on_read(name, done, 3)
    return name


def test_reading_a_large_file_for_its_key_is_told_and_can_be_cancelled() -> None:
    reader = Engine(Registry.of(Load), MemoryCache(1000), nbytes=lambda value: 8, file_digest=read_slowly)
    workflow, told = Workflow.of(Node("1", "Load", {"file": "a"})), list[Event]()
    with pytest.raises(Cancelled):
        reader.run(workflow, outputs=("1",), emit=told.append, cancelled=lambda: len(told) == 2)
    assert told == [FileRead("a", 1, 3), FileRead("a", 2, 3)]
    told.clear()
    assert reader.run(workflow, outputs=("1",), emit=told.append).ran == ("1",)
    assert told[:4] == [*(FileRead("a", done, 3) for done in (1, 2, 3)), RunStarted(("1",), ())]
