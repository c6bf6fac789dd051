"""Describe node types as the JSON that editors read: the shape of ComfyUI's /object_info.

    describe(KSampler.spec)["input"]["required"]["steps"]  # ["INT", {"default": 20, "min": 1, "max": 10000, …}]

`names` lists the files of the host by kind; without it a widget that chooses a file has no choices.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graph.choices import Names, is_chooser
from graph.opening import IfGiven, Opening, Repeated
from graph.registry import Registry
from graph.spec import MISSING, NodeSpec, Output, Socket
from graph.types import BOOLEAN, COLOR, COMBO, FLOAT, GROWING, INT, OPENING, STRING

MATCH_TYPE = "COMFY_MATCHTYPE_V3"  # ComfyUI's word for a type variable
SLOT = "COMFY_DYNAMICSLOT_V3"  # for a socket that opens others when it is linked
Groups = list[tuple[str, list[Socket]]]
_MOST_GROWN = 100
_EDITED = frozenset({INT, FLOAT, STRING, BOOLEAN, COMBO, COLOR})  # types that tell editors which widget is meant


def describe_all(registry: Registry, names: Names | None = None) -> dict[str, dict[str, Any]]:
    """Return the description of every node type by name; an alias has an entry of its own."""
    entries = ((name, registry.find(name)) for name in registry.names())
    return {name: describe(spec, names, name=name) for name, spec in entries if spec is not None}


def describe(spec: NodeSpec, names: Names | None = None, *, name: str | None = None) -> dict[str, Any]:
    """Return the description of a node type, under an alias if `name` is one: `alias_of` then says the primary name."""
    if spec.describer is not None:
        return {**spec.describer(), "name": name or spec.name}
    groups = _groups(spec.inputs)
    marks = {"deprecated": spec.is_deprecated, "experimental": spec.is_experimental}
    return {
        "input": _inputs(groups, names),
        "input_order": {group: [socket.name for socket in group_of] for group, group_of in groups},
        "is_input_list": any(socket.is_list for socket in spec.inputs),
        **_outputs(spec.outputs),
        "name": name or spec.name,
        "display_name": spec.display_name or spec.name,
        "description": spec.description,
        "python_module": spec.module,
        "category": spec.category,
        "output_node": spec.is_output,
        "has_intermediate_output": False,
        "search_aliases": [alias for alias in (spec.name, *spec.aliases) if alias != (name or spec.name)],
        "api_node": False,
        **({"alias_of": spec.name} if name not in (None, spec.name) else {}),
        **{mark: True for mark, is_set in marks.items() if is_set},
        **spec.extra,
    }


def _groups(sockets: Iterable[Socket]) -> Groups:
    """Return the inputs as ComfyUI groups them: required ones, which may have a default, and optional ones."""
    required, optional = list[Socket](), list[Socket]()
    for socket in sockets:
        if socket.takes_any_name and socket.options.get("hidden"):
            continue  # for what editors send of their own accord
        (optional if socket.is_optional or socket.takes_any_name else required).append(socket)
    return [("required", required), *([("optional", optional)] if optional else [])]


def _inputs(groups: Groups, names: Names | None) -> dict[str, dict[str, list[Any]]]:
    return {group: {socket.name: _input(socket, names) for socket in group_of} for group, group_of in groups}


def _opening(socket: Socket, opens: Opening, names: Names | None) -> list[Any]:
    """Return a socket that opens others, with what it opens."""
    rest = {**socket.options, **_tooltip(socket.tooltip)}
    if isinstance(opens, Repeated):
        repeated = _inputs(_groups((opens.socket,)), names)
        return [GROWING.name, {"template": {"input": repeated, "names": list(opens.names), "min": opens.least}, **rest}]
    if isinstance(opens, IfGiven):
        return [SLOT, {"slotType": socket.type.name, "inputs": _inputs(_groups(opens.sockets), names), **rest}]
    by_value = ((value, _inputs(_groups(sockets), names)) for value, sockets in opens.sockets.items())
    return [OPENING.name, {"options": [{"key": value, "inputs": inputs} for value, inputs in by_value], **rest}]


def _input(socket: Socket, names: Names | None) -> list[Any]:
    if socket.opens is not None:
        return _opening(socket, socket.opens, names)
    if socket.is_growing and not socket.takes_any_name:
        return [GROWING.name, {"template": _growth(socket, names), **_tooltip(socket.tooltip)}]
    options = socket.widget.describe() if socket.widget is not None else {}
    default = {} if socket.default is MISSING or socket.default is None else {"default": socket.default}
    lazy = {"lazy": True} if socket.is_lazy else {}
    told = {**options, **_template(socket), **lazy, **socket.options, **_tooltip(socket.tooltip)}
    return [_type(socket, names), {**default, **_widget_type(socket), **told}]


def _widget_type(socket: Socket) -> dict[str, Any]:
    """Return which widget edits a value where the type does not say: editors take other types for sockets alone."""
    if socket.widget is None or socket.type in _EDITED:
        return {}
    return {"widgetType": socket.widget.type.name}


def _type(socket: Socket, names: Names | None) -> str | list[Any]:
    """Return a type's name; a widget that chooses has the list of its choices instead."""
    if is_chooser(socket.widget):
        return list(socket.widget.choices(names))
    return MATCH_TYPE if socket.type.variable else socket.type.name


def _template(socket: Socket) -> dict[str, Any]:
    if not socket.type.variable:
        return {}
    return {"template": {"template_id": socket.type.name, "allowed_types": "*"}}


def _growth(socket: Socket, names: Names | None) -> dict[str, Any]:
    """Return the template of `*images`: its inputs are called images.image0, images.image1 …"""
    stem = socket.name.removesuffix("s") or socket.name
    one = [_type(socket, names), {**(socket.widget.describe() if socket.widget else {}), **_template(socket)}]
    return {"input": {"required": {stem: one}}, "prefix": stem, "min": 1, "max": _MOST_GROWN}


def _tooltip(text: str) -> dict[str, Any]:
    return {"tooltip": text} if text else {}


def _outputs(outputs: tuple[Output, ...]) -> dict[str, Any]:
    variables = [output.type.name if output.type.variable else None for output in outputs]
    return {
        "output": [MATCH_TYPE if output.type.variable else output.type.name for output in outputs],
        "output_is_list": [output.is_list for output in outputs],
        "output_name": [output.name for output in outputs],
        "output_tooltips": [output.tooltip or None for output in outputs],
        **({"output_matchtypes": variables} if any(variables) else {}),
    }
