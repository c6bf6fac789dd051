"""Every operator that ComfyUI has too takes and gives the same as there, so that a workflow means the same in both.

data/comfyui_nodes.json: facts of ComfyUI 0.33.0, as its /object_info tells them. An operator without an entry there
has a name that ComfyUI does not know. A choice may offer more than ComfyUI's does, after what it has.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import nodes
from graph.describe import MATCH_TYPE, describe
from graph.opening import ByValue, Repeated
from graph.registry import Registry
from graph.spec import NodeSpec, Socket
from graph.types import SocketType

FACTS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "comfyui_nodes.json").read_text())
WEFT_ONLY = {
    *("ForwardNoise", "Compare", "Gate", "ListLength", "ListPick", "ListRange", "Reroute"),
    *("ForLoopStart", "ForLoopEnd", "WhileLoopStart", "WhileLoopEnd"),
    *("IPAdapter", "IPAdapterAdvanced", "IPAdapterModelLoader", "PrepImageForClipVision"),
}
WIDGET_FACTS = ("default", "min", "max", "step", "round", "multiline", "dynamicPrompts", "display")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.collect(import_module(f"nodes.{module.name}") for module in iter_modules(nodes.__path__))


def test_every_operator_is_compared_or_known_to_be_new(registry: Registry) -> None:
    compared = {registry.by_name[name].name for name in FACTS if name in registry}
    assert {spec.name for spec in registry} - compared == WEFT_ONLY


def _told(spec: NodeSpec) -> list[Socket]:
    """Return the inputs that editors are told of."""
    return [socket for socket in spec.inputs if not (socket.takes_any_name and socket.options.get("hidden"))]


def _word(socket_type: SocketType) -> str:
    return MATCH_TYPE if socket_type.variable else socket_type.name


@pytest.mark.parametrize("name", FACTS)
def test_inputs_have_the_names_types_and_order_of_comfyui(registry: Registry, name: str) -> None:
    inputs = _told(registry.by_name[name])
    assert [socket.name for socket in inputs] == [fact["name"] for fact in FACTS[name]["inputs"]]
    assert [_word(socket.type) for socket in inputs] == [fact["type"] for fact in FACTS[name]["inputs"]]
    assert [socket.is_growing for socket in inputs] == [fact.get("grows", False) for fact in FACTS[name]["inputs"]]
    assert [socket.is_optional for socket in inputs] == [fact["optional"] for fact in FACTS[name]["inputs"]]


@pytest.mark.parametrize("name", FACTS)
def test_widgets_have_the_limits_and_defaults_of_comfyui(registry: Registry, name: str) -> None:
    described = describe(registry.by_name[name])["input"]
    ours = {**described["required"], **described.get("optional", {})}
    for fact in FACTS[name]["inputs"]:
        options = ours[fact["name"]][1]
        expected = {word: fact[word] for word in WIDGET_FACTS if word in fact}
        assert {word: options.get(word) for word in expected} == expected, fact["name"]
        if "options" in fact:
            assert list(ours[fact["name"]][0])[: len(fact["options"])] == fact["options"], fact["name"]
            assert options.get("default") in (None, fact.get("default", fact["options"][0])), fact["name"]


@pytest.mark.parametrize("name", FACTS)
def test_choices_open_the_inputs_that_they_open_in_comfyui(registry: Registry, name: str) -> None:
    for socket, fact in zip(_told(registry.by_name[name]), FACTS[name]["inputs"], strict=True):
        if "repeats" in fact:
            _compare_repeated(socket, fact["repeats"])
        else:
            _compare_opened(socket, fact.get("opens"))


def _compare_repeated(socket: Socket, fact: dict[str, Any]) -> None:
    assert isinstance(socket.opens, Repeated)
    found = (list(socket.opens.names), socket.opens.least, socket.opens.socket.type.name)
    assert found == (fact["names"], fact["min"], fact["type"])


def _compare_opened(socket: Socket, opens: dict[str, Any] | None) -> None:
    """Compare what the values of a choice open, and what that opens in turn."""
    if opens is None:
        assert socket.opens is None
        return
    assert isinstance(socket.opens, ByValue)
    assert list(socket.opens.sockets) == list(opens)
    for value, facts in opens.items():
        inner = socket.opens.sockets[value]
        assert [(each.name, _word(each.type)) for each in inner] == [(fact["name"], fact["type"]) for fact in facts]
        for each, fact in zip(inner, facts, strict=True):
            told = (each.widget.describe() if each.widget else {}) | {"default": each.default}
            expected = {word: fact[word] for word in WIDGET_FACTS if word in fact}
            assert {word: told.get(word) for word in expected} == expected, (value, fact["name"])
            assert list(getattr(each.widget, "options", ())) == fact.get("options", list(fact.get("opens", ())))
            _compare_opened(each, fact.get("opens"))


@pytest.mark.parametrize("name", FACTS)
def test_outputs_are_those_of_comfyui(registry: Registry, name: str) -> None:
    spec = registry.by_name[name]
    assert [{"type": _word(output.type), "name": output.name} for output in spec.outputs] == FACTS[name]["outputs"]
    assert spec.is_output == FACTS[name]["output_node"]


@pytest.mark.parametrize("name", FACTS)
def test_editors_show_it_where_and_as_comfyui_does(registry: Registry, name: str) -> None:
    spec = registry.by_name[name]
    assert (spec.category, spec.display_name) == (FACTS[name]["category"], FACTS[name]["display_name"])


def test_every_operator_says_what_it_does(registry: Registry) -> None:
    assert [spec.name for spec in registry if not spec.description] == []
