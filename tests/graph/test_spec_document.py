"""Node types that travel as JSON: whoever reads them describes and validates as whoever wrote them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.binding import bind
from graph.choices import Fault, Names
from graph.describe import describe_all
from graph.formats import parse, read_workflow
from graph.registry import Registry
from graph.spec import node
from graph.spec_document import SpecDocumentError, read_registry, write_registry
from graph.types import COMBO, SocketType
from graph.validate import validate
from graph.widget_document import read_widget, write_widget
from graph.widgets import Choice, Color, File, FilePrefix, FileText, Range, Seed, Text, Toggle, Widget
from graph.workflow import Workflow
from runtime.engine import builtin_registry

WORKFLOWS = sorted((Path(__file__).parents[2] / "workflows").glob("*.json"))
T = TypeVar("T")


@pytest.fixture(scope="module")
def builtin() -> Registry:
    """The built-in types."""
    return builtin_registry()


@pytest.fixture(scope="module")
def travelled(builtin: Registry) -> Registry:
    """The same after the trip."""
    return read_registry(write_registry(builtin))


def files(kind: str) -> list[str]:
    """List one file of each kind."""
    return [f"{kind}.safetensors"]


def test_the_built_in_types_are_described_alike(builtin: Registry, travelled: Registry) -> None:
    assert json.dumps(describe_all(travelled, files)) == json.dumps(describe_all(builtin, files))
    assert travelled.names() == builtin.names()
    assert not any(spec.has_validator for spec in travelled), "the server can check them all by itself"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_are_read_and_bound_alike(path: Path, builtin: Registry, travelled: Registry) -> None:
    document = parse(path.read_bytes())
    expected = read_workflow(document, builtin.find)
    assert read_workflow(document, travelled.find) == expected
    for found in expected.nodes.values():
        there, here = (registry.find(found.type) for registry in (travelled, builtin))
        assert there is not None
        assert here is not None
        assert bind(found, there).inputs == bind(found, here).inputs


ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from(["../up", "eulr", "1.5", "true", "#12345", "weft-demo.safetensors [output]", "red/house"]),
    st.lists(st.integers(), max_size=2),
)


@given(data=st.data())
def test_workflows_with_odd_values_have_the_same_problems(data: st.DataObject) -> None:
    builtin, travelled = registries()
    workflow = data.draw(st.sampled_from(shipped()))
    for _ in range(data.draw(st.integers(0, 4))):
        node_id = data.draw(st.sampled_from(sorted(workflow.nodes)))
        names = sorted(workflow.nodes[node_id].inputs) or ["nothing"]
        workflow = workflow.with_input(node_id, data.draw(st.sampled_from(names)), data.draw(ODD_VALUES))
    found, expected = (repr(validate(workflow, registry, names=files)) for registry in (travelled, builtin))
    assert found == expected


@cache
def registries() -> tuple[Registry, Registry]:
    """Return the built-in types before and after the trip."""
    builtin = builtin_registry()
    return builtin, read_registry(write_registry(builtin))


@cache
def shipped() -> list[Workflow]:
    """Return the shipped workflows."""
    return [read_workflow(parse(path.read_bytes()), builtin_registry().find) for path in WORKFLOWS]


@dataclass(frozen=True)
class Dial(Range):
    """A widget of a node pack that is stricter than what it is made of."""

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Refuse odd values."""
        return Fault(f"{value} is odd", "custom_validation_failed") if value % 2 else super().check(value, names)


@dataclass(frozen=True)
class Shelf:
    """A widget of a node pack that offers a list."""

    type = COMBO

    def choices(self, names: Names | None = None) -> list[str]:
        """Return what the pack has."""
        return ["one", "two"]

    def convert(self, value: Any) -> Any:
        """Return the value."""
        return value

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Refuse nothing."""
        return None

    def describe(self) -> dict[str, Any]:
        """Return an option that JSON does not know."""
        return {
            "places": {
                1,
            }
        }


@dataclass(frozen=True)
class Wide(Text):
    """A text of several lines, checked as any text is."""

    multiline: bool = True


class Size(Enum):
    """A choice whose members have words."""

    SMALL = "small"
    LARGE = "large"


def _never(**values: Any) -> str | None:
    return None


@node(category="test", validate=_never)
def WithValidator(size: Size = Size.LARGE) -> int:
    """Be checked by a function."""
    return 1


@node(category="test", aliases=("Another",), pure=False, deprecated=True, extra={"price": 3})
def WithWidgets(
    dial: Annotated[int, Dial(0, 10)],
    shelf: Annotated[str, Shelf()],
    wide: Annotated[str, Wide()] = "two\nlines",
    *more: T,
) -> T:
    """Have widgets of its own.

    wide: tells something.
    """
    return more[0]


def test_widgets_of_packs_keep_their_look_and_are_checked_elsewhere() -> None:
    registry = Registry.of(WithWidgets, WithValidator)
    travelled = read_registry(write_registry(registry))
    before, after = describe_all(registry, files), describe_all(travelled)
    before["WithWidgets"]["input"]["required"]["shelf"][1]["places"] = [1]
    before["Another"]["input"]["required"]["shelf"][1]["places"] = [1]
    assert after == before
    spec = travelled.find("Another")
    assert spec is not None
    assert spec.has_validator
    dial, shelf, wide = (spec.input(name).widget for name in ("dial", "shelf", "wide"))  # type: ignore[union-attr]
    assert dial is not None
    assert dial.check(dial.convert(3)) is None, "the class that would refuse it is not here"
    assert shelf is not None
    assert wide == Text(multiline=True)


def test_a_validator_is_told_but_does_not_travel() -> None:
    spec = read_registry(write_registry(Registry.of(WithValidator))).find("WithValidator")
    assert spec is not None
    assert spec.has_validator
    assert spec.validator is None
    assert read_registry(write_registry(Registry.of(spec))).find("WithValidator") == spec


@pytest.mark.parametrize(
    "widget",
    [
        Range(),
        Range(0, 1, step=0.1, number=float),
        Range(1, 9, display="slider", number=int),
        Seed(control_after_generate=False),
        Text(True, True, "what to show"),
        FileText(kind="embeddings"),
        FilePrefix(),
        Toggle("on", "off"),
        Color(),
        Choice(("a", 1, 1.0, True, None)),
        File("input", upload=True),
    ],
    ids=lambda widget: type(widget).__name__,
)
def test_a_widget_of_the_engine_is_the_same_after_the_trip(widget: Widget) -> None:
    found = read_widget(json.loads(json.dumps(write_widget(widget))))
    assert repr(found) == repr(widget)


def test_choices_that_json_does_not_know_are_left_to_the_pack() -> None:
    found = read_widget(json.loads(json.dumps(write_widget(Choice(((1, 2), (3, 4)))))))
    assert found.check("anything") is None
    assert found.type == SocketType("COMBO")


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"form": 1, "nodes": [{}]}', b'{"form": 0, "nodes": []}', b"\xff"]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SpecDocumentError):
        read_registry(data)


def test_what_runs_elsewhere_cannot_be_run_here() -> None:
    spec = read_registry(write_registry(Registry.of(WithValidator))).find("WithValidator")
    assert spec is not None
    with pytest.raises(Exception, match="run them in the worker"):
        spec.function()
