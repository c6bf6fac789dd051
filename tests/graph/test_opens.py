"""Choices whose values open inputs: NamedTuples in a function's annotation, put together again for its call."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import pytest

from graph.annotations import Opens
from graph.cache import MemoryCache
from graph.describe import describe
from graph.errors import SpecError
from graph.execute import Engine
from graph.registry import Registry
from graph.spec import node
from graph.spec_document import read_registry, write_registry
from graph.types import OPENING
from graph.validate import validate
from graph.widgets import Range
from graph.workflow import Link, Node, Workflow


class Nothing(NamedTuple):
    """No inputs."""


class Quality(NamedTuple):
    """How good.

    level: higher is better.
    """

    level: Annotated[int, Range(0, 9)] = 5


class Codec(NamedTuple):
    """A choice in a choice."""

    codec: Annotated[Nothing | Quality, Opens({"plain": Nothing, "fine": Quality})]
    name: str = "a"


@node(category="test")
def Save(text: str, form: Annotated[Nothing | Codec, Opens({"auto": Nothing, "own": Codec})]) -> str:
    """Save."""
    return f"{text} {form}"


def run(inputs: dict[str, Any]) -> Any:
    engine = Engine(Registry.of(Save), MemoryCache(budget_bytes=2**20), nbytes=len)
    return engine.run(Workflow.of(Node("1", "Save", {"text": "t", **inputs})), outputs=["1"]).outputs["1"][0]


def test_the_function_gets_the_chosen_class_with_its_inputs() -> None:
    assert run({"form": "auto"}) == "t Nothing()"
    given = {"form": "own", "form.codec": "fine", "form.codec.level": "7", "form.name": "b"}
    assert run(given) == "t Codec(codec=Quality(level=7), name='b')"


def test_defaults_of_fields_are_filled_in() -> None:
    assert run({"form": "own", "form.codec": "fine"}) == "t Codec(codec=Quality(level=5), name='a')"


def test_an_input_of_an_open_choice_may_be_linked() -> None:
    workflow = Workflow.of(
        Node("1", "Save", {"text": "t", "form": "auto"}),
        Node("2", "Save", {"text": "u", "form": "own", "form.codec": "plain", "form.name": Link("1", 0)}),
    )
    engine = Engine(Registry.of(Save), MemoryCache(budget_bytes=2**20), nbytes=len)
    assert engine.run(workflow, outputs=["2"]).outputs["2"] == ("u Codec(codec=Nothing(), name='t Nothing()')",)


def problems(inputs: dict[str, Any], registry: Registry) -> list[str]:
    workflow = Workflow.of(Node("1", "Save", {"text": "t", **inputs}))
    return [str(problem) for problem in validate(workflow, registry, ("1",))]


def test_values_are_checked_here_and_in_a_process_that_has_the_description_only() -> None:
    for registry in (Registry.of(Save), read_registry(write_registry(Registry.of(Save)))):
        given = {"form": "own", "form.codec": "fine", "form.codec.level": 12}
        assert problems(given, registry) == ["Save #1, form.codec.level: 12 is not in 0..9."]
        assert "is not in the list" in problems({"form": "other"}, registry)[0]
        assert problems({"form": "auto"}, registry) == []


def test_editors_are_told_what_each_value_opens() -> None:
    kind, told = describe(Save.spec)["input"]["required"]["form"]
    assert kind == OPENING.name
    inner = {option["key"]: option["inputs"]["required"] for option in told["options"]}
    assert list(inner["own"]) == ["codec", "name"]
    fine = inner["own"]["codec"][1]["options"][1]
    assert fine["inputs"]["required"]["level"] == [
        "INT",
        {"default": 5, "min": 0, "max": 9, "tooltip": "higher is better."},
    ]


def test_a_class_without_fields_to_read_is_refused() -> None:
    with pytest.raises(SpecError, match=r"form: .*int.* has no fields to be inputs; write a NamedTuple"):

        @node(category="test")
        def Wrong(form: Annotated[int, Opens({"a": int})]) -> str:
            """Be wrong."""
            return ""
