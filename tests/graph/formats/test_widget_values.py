"""Saved values get their names by the order of a type's widgets, in documents of many ages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from graph.formats.editor_document import EditorNode, Slot
from graph.formats.widget_values import fit, named_values
from graph.opening import ByValue, IfGiven
from graph.registry import Registry
from graph.spec import NodeSpec, Socket
from graph.types import SocketType
from graph.widgets import Choice, Range, Text


def named(values: Any, spec: NodeSpec | None, **fields: Any) -> dict[str, Any]:
    return named_values(EditorNode("1", "T", values=values, **fields), spec)


@pytest.mark.parametrize(
    "values",
    [
        [7, "randomize", 12, 3.5],
        [7, 12, 3.5],  # before there were controls
        [7, True, 12, 3.5],  # when a control was a switch
        {"seed": 7, "steps": 12, "cfg": 3.5, "control_after_generate": "fixed"},
        [7, "fixed", 12, 3.5, None],
    ],
)
def test_a_seed_is_followed_by_its_control_or_not(values: Any, registry: Registry) -> None:
    assert named(values, registry.find("Sample")) == {"seed": 7, "steps": 12, "cfg": 3.5}


def test_widgets_without_a_value_have_their_defaults(registry: Registry) -> None:
    assert named([7, "fixed"], registry.find("Sample")) == {"seed": 7, "steps": 20, "cfg": 8.0}
    assert named([7, "fixed", None, 2.0], registry.find("Sample")) == {"seed": 7, "steps": 20, "cfg": 2.0}
    assert named(None, registry.find("Load")) == {"name": "a"}


def test_the_upload_button_stands_before_optional_inputs(registry: Registry) -> None:
    assert named(["a.png", "image", 0.5], registry.find("Open")) == {"image": "a.png", "scale": 0.5}
    assert named(["a.png", 0.5], registry.find("Open")) == {"image": "a.png", "scale": 0.5}


def test_names_in_the_document_help_where_the_list_is_too_long(registry: Registry) -> None:
    values = {"steps": 5, "seed": 1, "control_after_generate": "fixed"}
    assert named([9, 1, 2, 3, 4, 5], registry.find("Sample"), named=values) == {"seed": 1, "steps": 5, "cfg": 8.0}
    assert named([3, "fixed", 4, 5.0], registry.find("Sample"), named=values) == {"seed": 3, "steps": 4, "cfg": 5.0}


def test_an_unknown_type_keeps_only_values_with_names() -> None:
    assert named([1, 2], None) == {}
    assert named([1, 2], None, named={"a": 1, "upload": "image"}) == {"a": 1}
    assert named({"a": 1}, None) == {"a": 1}


def test_inputs_that_lost_their_widget_may_still_have_a_value(registry: Registry) -> None:
    spec = registry.find("Sample")
    assert spec is not None
    forced = [replace(one, options={"forceInput": True}) if one.name == "steps" else one for one in spec.inputs]
    spec = replace(spec, inputs=tuple(forced))
    assert named([7, "fixed", 12, 3.5], spec) == {"seed": 7, "cfg": 3.5}
    assert named([7, "fixed", 3.5], spec) == {"seed": 7, "cfg": 3.5}


def test_a_choice_opens_inputs_of_its_own() -> None:
    inner = {"required": {"n": ["INT", {"default": 1}], "image": ["IMAGE"], "kind": [["x", "y"], {}]}}
    options = {"options": [{"key": "off", "inputs": {}}, {"key": "on", "inputs": inner}]}
    mode = Socket("mode", SocketType("COMFY_DYNAMICCOMBO_V3"), Choice(("off", "on")), "off", options=options)
    spec = NodeSpec("T", lambda: None, (mode, Socket("text", SocketType("STRING"), Text(), "")), ())
    assert named(["on", 3, "y", "t"], spec) == {"mode": "on", "mode.n": 3, "mode.kind": "y", "text": "t"}
    assert named(["off", "t"], spec) == {"mode": "off", "text": "t"}
    assert named([], replace(spec, inputs=(replace(mode, default="on"),))) == {
        "mode": "on",
        "mode.n": 1,
        "mode.kind": "x",
    }


def test_an_input_that_a_choice_opens_has_a_value_if_it_names_a_widget() -> None:
    inner = {"required": {"curve": ["CURVE", {"widgetType": "CURVE"}], "plain": ["CURVE", {}]}}
    options = {"options": [{"key": "on", "inputs": inner}]}
    mode = Socket("mode", SocketType("COMFY_DYNAMICCOMBO_V3"), Choice(("on",)), "on", options=options)
    spec = NodeSpec("T", lambda: None, (mode, Socket("text", SocketType("STRING"), Text(), "")), ())
    assert named(["on", [[0, 1]], "t"], spec) == {"mode": "on", "mode.curve": [[0, 1]], "text": "t"}


WEIGHT = Socket("weight", SocketType("INT"), Range(0, 9), 1)
AFTER = Socket("after", SocketType("STRING"), Text(), "", is_optional=True)
OPENED_BY_LINK = Socket("mask", SocketType("MASK"), is_optional=True, opens=IfGiven((WEIGHT,)))
TOLD = {"inputs": {"required": {"weight": ["INT", {"default": 1}]}}}
NESTED = {"options": [{"key": "on", "inputs": {"optional": {"mask": ["COMFY_DYNAMICSLOT_V3", TOLD]}}}]}


def linked(name: str) -> tuple[Slot, ...]:
    return (Slot(name, "MASK", link="1"),)


def test_a_link_opens_inputs_beside_its_socket() -> None:
    spec = NodeSpec("T", lambda: None, (OPENED_BY_LINK, AFTER), ())
    assert named([5, "t"], spec, inputs=linked("mask")) == {"mask.weight": 5, "after": "t"}
    assert named(["t"], spec) == {"after": "t"}
    assert named([], spec, inputs=linked("mask")) == {"mask.weight": 1, "after": ""}


def test_a_link_opens_inputs_of_a_choice_too() -> None:
    mode = Socket("mode", SocketType("COMFY_DYNAMICCOMBO_V3"), Choice(("on",)), "on", options=NESTED)
    spec = NodeSpec("T", lambda: None, (mode, AFTER), ())
    assert named(["on", 5, "t"], spec, inputs=linked("mode.mask")) == {
        "mode": "on",
        "mode.mask.weight": 5,
        "after": "t",
    }
    assert named(["on", "t"], spec) == {"mode": "on", "after": "t"}


def test_of_the_inputs_that_a_choice_opens_those_that_must_be_given_come_first() -> None:
    late = replace(WEIGHT, name="late", is_optional=True)
    mode = Socket("mode", SocketType("COMBO"), Choice(("on",)), "on", opens=ByValue({"on": (late, WEIGHT)}))
    spec = NodeSpec("T", lambda: None, (mode,), ())
    assert named(["on", 1, 2], spec) == {"mode": "on", "mode.weight": 1, "mode.late": 2}


def test_a_controlled_choice_has_a_control_and_a_filter() -> None:
    pick = Socket("pick", SocketType("COMBO"), Choice(("a", "b")), options={"control_after_generate": True})
    count = Socket("count", SocketType("INT"), Range(0, 9), 0)
    spec = NodeSpec("T", lambda: None, (pick, count), ())
    assert named(["b", "fixed", "", 4], spec) == {"pick": "b", "count": 4}


def test_values_without_widgets_are_counted(registry: Registry) -> None:
    spec = registry.find("Load")
    assert spec is not None
    assert fit(["b", 1, 2, "image"], spec).n_left == 2
    assert fit([], spec).n_missing == 1
