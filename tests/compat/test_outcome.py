"""What functions of packs return becomes what the engine wants."""

from __future__ import annotations

from typing import Any

import pytest

from compat.outcome import NO_VALUES, Returned, deliver, link_of, returned_by_class
from graph.dynamic import Block, Expand
from graph.results import Values
from graph.spec import Output
from graph.types import INT
from graph.workflow import Link

ONE = (Output("INT", INT),)
TWO = ONE * 2
LISTED = (Output("INT", INT, is_list=True),)


class ExecutionBlocker:
    """As comfy_execution.graph_utils has it, known by its name."""

    def __init__(self, message: str | None) -> None:
        self.message = message


class Shown:
    """Takes what a node shows."""

    def __init__(self) -> None:
        self.items: dict[str, list[Any]] = {}

    def show(self, kind: str, items: list[Any]) -> None:
        self.items.setdefault(kind, []).extend(items)


def delivered(value: Any, outputs: tuple[Output, ...]) -> Any:
    return deliver(returned_by_class(value), outputs, Shown())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "outputs", "wanted"),
    [
        ((1,), ONE, 1),
        ([1, 2], TWO, (1, 2)),
        ((1, 2, 3), TWO, (1, 2)),
        ((1,), TWO, (1, None)),
        ({"result": (1,)}, ONE, 1),
        ({}, ONE, None),
        ({}, LISTED, []),
        (None, (), ()),
        ((range(2),), LISTED, [0, 1]),
        ((["a", 1],), LISTED, ["a", 1]),
        (ExecutionBlocker("shut"), TWO, Block("shut")),
        ((1, ExecutionBlocker(None)), TWO, (1, Block(""))),
        (([1, ExecutionBlocker(None)],), LISTED, [1, Block("")]),
    ],
)
def test_values_go_to_their_outputs(value: Any, outputs: tuple[Output, ...], wanted: Any) -> None:
    assert delivered(value, outputs) == wanted


def test_nothing_is_no_answer_of_a_node_with_outputs() -> None:
    with pytest.raises(TypeError, match="returned nothing, but the node has 2 outputs"):
        delivered(None, TWO)


def test_what_is_to_be_shown_is_shown_whatever_it_is_a_sequence_of() -> None:
    run = Shown()
    value = {"ui": {"text": ("a", "b"), "nothing": []}, "result": (1,)}
    assert deliver(returned_by_class(value), ONE, run) == 1  # type: ignore[arg-type]
    assert run.items == {"text": ["a", "b"], "nothing": []}


def test_a_graph_keeps_its_links_and_values() -> None:
    tensor = object()
    graph = {
        "x": {"class_type": "A", "inputs": {"a": ["y", 1], "b": [1, 2], "c": tensor}, "override_display_id": 7},
        "y": {"class_type": "B", "inputs": {}},
    }
    found = deliver(Returned((["x", 0], 5), expand=graph), TWO, Shown())  # type: ignore[arg-type]
    assert isinstance(found, Expand)
    assert found.outputs == (Link("x", 0), 5)
    assert found.graph.nodes["x"].inputs == {"a": Link("y", 1), "b": [1, 2], "c": tensor}
    assert found.shown_as == {"x": "7"}


def test_a_graph_may_come_with_a_list_or_without_values() -> None:
    graph = {"x": {"class_type": "A", "inputs": {}}}
    listed = deliver(Returned(([1, 2],), expand=graph), LISTED, Shown())  # type: ignore[arg-type]
    assert listed.outputs == (Values((1, 2), is_list=True),)
    assert deliver(Returned(NO_VALUES, expand=graph), ONE, Shown()).outputs == (None,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "link"),
    [(["a", 1], Link("a", 1)), (["a", 1.0], Link("a", 1)), ([1, 1], None), (("a", 1), None), (["a"], None)],
)
def test_a_link_is_a_list_of_an_id_and_a_number(value: Any, link: Link | None) -> None:
    assert link_of(value) == link
