"""Sockets that open others: by the value chosen, when something is given, and repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.binding import bind
from graph.cache import MemoryCache
from graph.describe import describe
from graph.execute import Engine
from graph.formats import from_api, from_editor, to_editor
from graph.opening import ByValue, IfGiven, Repeated, all_sockets, opened
from graph.registry import Registry
from graph.spec import NodeSpec, Output, Socket
from graph.spec_document import read_registry, write_registry
from graph.types import ANY, COMBO, INT, SocketType
from graph.validate import validate
from graph.widgets import Choice, Range
from graph.workflow import Workflow

IMAGE = SocketType("IMAGE")
width = Socket("width", INT, Range(1, 64, number=int))
height = Socket("height", INT, Range(1, 64, number=int), default=8)
factor = Socket("factor", SocketType("FLOAT"), Range(0, 4, number=float), default=2.0)
weight = Socket("weight", INT, Range(0, 9, number=int))
how = Socket("how", COMBO, Choice(("plain", "size")), opens=ByValue({"size": (width, height)}))
mode = Socket("mode", COMBO, Choice(("scale", "deep")), opens=ByValue({"scale": (factor,), "deep": (how,)}))
mask = Socket("mask", SocketType("MASK"), is_optional=True, opens=IfGiven((weight,)))
images = Socket("images", ANY, opens=Repeated(Socket("image", IMAGE), ("a", "b", "c"), least=1))


def _work(**inputs: Any) -> str:
    return json.dumps(inputs, sort_keys=True)


SPEC = NodeSpec("Resize", _work, (mode, mask, images), (Output("text", SocketType("STRING")),), is_output=True)
GIVEN = {"mode": "deep", "mode.how": "size", "mode.how.width": "4", "images.a": ["1", 0]}


PICTURE = NodeSpec("Picture", lambda: "picture", (), (Output("image", IMAGE),))
NUMBER = NodeSpec("Number", lambda: 3, (), (Output("number", INT),))
REGISTRY = Registry.of(SPEC, PICTURE, NUMBER)


def workflow(**changed: Any) -> Workflow:
    inputs = {name: value for name, value in {**GIVEN, **changed}.items() if value is not None}
    return from_api(
        {
            "1": {"class_type": "Picture", "inputs": {}},
            "2": {"class_type": "Number", "inputs": {}},
            "3": {"class_type": "Resize", "inputs": inputs},
        }
    )


def names(inputs: dict[str, Any]) -> list[str]:
    return [socket.name for socket in opened(SPEC.inputs, inputs)]


def sentences(**changed: Any) -> list[str]:
    return [str(problem) for problem in validate(workflow(**changed), REGISTRY)]


def test_a_value_opens_its_own_sockets_and_they_open_more() -> None:
    assert names({}) == ["mode", "mask", "images.a"]
    assert names({"mode": "scale"}) == ["mode", "mode.factor", "mask", "images.a"]
    assert names(GIVEN) == ["mode", "mode.how", "mode.how.width", "mode.how.height", "mask", "images.a"]


def test_a_link_opens_the_sockets_beside_it() -> None:
    assert names({"mask": ["1", 0]}) == ["mode", "mask", "mask.weight", "images.a"]


def test_repeated_sockets_are_there_when_they_must_or_are_given() -> None:
    assert names({"images.c": 1}) == ["mode", "mask", "images.a", "images.c"]


@given(
    st.dictionaries(
        st.sampled_from(["mode", "mode.how", "mask", "images.b"]), st.sampled_from(["scale", "deep", "size", 3])
    )
)
def test_what_is_open_opens_nothing_more(inputs: dict[str, Any]) -> None:
    once = SPEC.for_inputs(inputs)
    assert not once.opens_sockets
    assert once.for_inputs(inputs) is once


def test_opened_inputs_are_checked_like_all_others() -> None:
    assert sentences() == []
    assert sentences(**{"mode.how.width": 0}) == ["Resize #3, mode.how.width: 0 is not in 1..64."]
    assert sentences(**{"mode.how.width": None}) == ["Resize #3, mode.how.width: a value is missing; give one."]
    assert sentences(**{"images.a": None}) == [
        "Resize #3, images.a: the IMAGE is missing; link an output of type IMAGE to it."
    ]
    assert sentences(**{"images.b": ["2", 0]}) == ["Resize #3, images.b: wants IMAGE, but Number #2 gives INT."]
    assert sentences(mode="skale") == ['Resize #3, mode: "skale" is not in the list; did you mean "scale"?']


def test_what_another_value_would_open_has_no_effect() -> None:
    assert sentences(mode="scale") == []
    assert "mode.how.width" not in bind(workflow(mode="scale").nodes["3"], SPEC).inputs


def test_the_function_gets_opened_inputs_by_their_whole_names_with_defaults() -> None:
    engine = Engine(REGISTRY, MemoryCache(10**6), nbytes=lambda value: 1)
    (text,) = engine.run(workflow()).outputs["3"]
    assert json.loads(text) == {
        "mode": "deep",
        "mode.how": "size",
        "mode.how.width": 4,
        "mode.how.height": 8,
        "images.a": "picture",
    }


def test_a_process_without_the_functions_finds_the_same_problems() -> None:
    there = read_registry(write_registry(REGISTRY))
    for changed in ({}, {"mode.how.width": 0}, {"images.a": None}, {"mask": ["1", 0]}, {"images.b": ["2", 0]}):
        flow = workflow(**changed)
        assert validate(flow, there) == validate(flow, REGISTRY)
    assert describe(there.by_name["Resize"]) == describe(SPEC)


def test_editors_are_told_what_opens_what() -> None:
    inputs = describe(SPEC)["input"]
    kind, options = inputs["required"]["mode"]
    assert (kind, [option["key"] for option in options["options"]]) == ("COMFY_DYNAMICCOMBO_V3", ["scale", "deep"])
    assert options["options"][0]["inputs"]["required"]["factor"][0] == "FLOAT"
    assert inputs["required"]["images"][1]["template"]["names"] == ["a", "b", "c"]
    assert inputs["optional"]["mask"][1]["slotType"] == "MASK"


def test_every_socket_that_may_open_is_found() -> None:
    found = [socket.name for socket in all_sockets(SPEC.inputs)]
    opened_by_mode = ["mode.factor", "mode.how", "mode.how.width", "mode.how.height"]
    repeated = ["images.a", "images.b", "images.c"]
    assert found == ["mode", *opened_by_mode, "mask", "mask.weight", "images", *repeated]


def test_links_to_opened_sockets_are_drawn_and_read_again() -> None:
    drawn = to_editor(workflow(), REGISTRY.find)
    resize = next(each for each in drawn["nodes"] if each["type"] == "Resize")
    slot = next(each for each in resize["inputs"] if each["name"] == "images.a")
    assert (slot["type"], slot["link"]) == ("IMAGE", 1)
    assert from_editor(drawn, REGISTRY.find).nodes["3"].inputs["images.a"] == workflow().nodes["3"].inputs["images.a"]


@pytest.mark.parametrize("changed", [{"mode.how.width": 5}, {"mode.how.height": 9}])
def test_opened_inputs_count_in_keys(changed: dict[str, Any]) -> None:
    engine = Engine(REGISTRY, MemoryCache(10**6), nbytes=lambda value: 1)
    assert engine.run(workflow()).ran == ("1", "3")
    assert engine.run(workflow()).ran == ()
    assert engine.run(workflow(**changed)).ran == ("3",)
