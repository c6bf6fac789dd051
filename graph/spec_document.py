"""Node types as JSON: what a process must know that validates, reads and describes workflows but runs none.

    data = write_registry(registry)
    validate(workflow, read_registry(data))  # the same problems as with the registry itself

Functions do not travel. A type whose inputs are checked by code of its own (`@node(validate=…)`, a widget of a node
pack) has `has_validator` on the other side: whoever has the code must be asked too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from graph.errors import GraphError
from graph.opening import ByValue, IfGiven, Opening, Repeated, all_sockets
from graph.registry import Registry
from graph.spec import MISSING, NodeSpec, Output, Socket
from graph.types import SocketType
from graph.widget_document import known_class, read_widget, write_widget
from graph.widgets import Widget

FORM = 1  # of the document; a reader of another form refuses it
_TEXTS = ("category", "display_name", "description", "module")
_FLAGS = (
    "is_output",
    "is_pure",
    "is_async",
    "takes_run",
    "may_expand",
    "is_deprecated",
    "is_experimental",
    "is_described_anew",
)
_SOCKET_FLAGS = (
    "is_optional",
    "is_list",
    "is_lazy",
    "is_growing",
    "takes_any_name",
    "takes_literals",
    "is_reference",
)


class SpecDocumentError(GraphError):
    """Bytes are no document of node types; the sentence says what was found."""


def write_registry(registry: Registry) -> bytes:
    """Return the document of all node types."""
    document = {"form": FORM, "nodes": [_write_spec(spec) for spec in registry]}
    text = json.dumps(document, default=str, skipkeys=True, ensure_ascii=False)  # options of packs may hold anything
    return text.encode("utf-8", "replace")


def read_registry(data: bytes) -> Registry:
    """Return the node types of a document, without functions; SpecDocumentError if it is none."""
    try:
        document = json.loads(data)
        if document["form"] != FORM:
            raise SpecDocumentError(f"The node types are written in form {document['form']}; form {FORM} is read here.")
        types: dict[Any, SocketType] = {}
        return Registry.of(*(_read_spec(each, types) for each in document["nodes"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise SpecDocumentError(f"This is no document of node types: {error!r}.") from error


def _write_spec(spec: NodeSpec) -> dict[str, Any]:
    flags = {name: getattr(spec, name) for name in _FLAGS}
    document = {
        **{name: text for name in _TEXTS if (text := getattr(spec, name))},
        "aliases": spec.aliases,
        "extra": spec.extra,
        "described": None if spec.describer is None else spec.describer(),
        "has_validator": spec.has_validator or any(map(_is_foreign, all_sockets(spec.inputs))),
    }
    return {
        "name": spec.name,
        **{name: value for name, value in document.items() if value},
        **{name: value for name, value in flags.items() if value is not (name == "is_pure")},
        "inputs": [_write_socket(socket) for socket in spec.inputs],
        "outputs": [[each.name, _write_type(each.type), each.is_list, each.tooltip] for each in spec.outputs],
    }


def _is_foreign(socket: Socket) -> bool:
    return socket.widget is not None and known_class(socket.widget) is None


def _write_socket(socket: Socket) -> dict[str, Any]:
    parts: dict[str, Any] = {name: True for name in _SOCKET_FLAGS if getattr(socket, name)}
    if socket.widget is not None:
        parts["widget"] = write_widget(socket.widget)
    if socket.default is not MISSING:
        parts["default"] = socket.default
    if socket.options:
        parts["options"] = socket.options
    if socket.tooltip:
        parts["tooltip"] = socket.tooltip
    if socket.opens is not None:
        parts["opens"] = _write_opening(socket.opens)
    return {"name": socket.name, "type": _write_type(socket.type), **parts}


def _write_opening(opens: Opening) -> dict[str, Any]:
    if isinstance(opens, Repeated):
        return {"repeated": _write_socket(opens.socket), "names": opens.names, "least": opens.least}
    if isinstance(opens, IfGiven):
        return {"given": [_write_socket(socket) for socket in opens.sockets]}
    return {"values": {value: [_write_socket(each) for each in several] for value, several in opens.sockets.items()}}


def _write_type(socket_type: SocketType) -> str | list[str]:
    return [socket_type.name] if socket_type.variable else socket_type.name


def _read_spec(document: Mapping[str, Any], types: dict[Any, SocketType]) -> NodeSpec:
    described: Mapping[str, Any] | None = document.get("described")
    values = {name: document[name] for name in (*_TEXTS, *_FLAGS, "extra") if name in document}
    return NodeSpec(
        name=document["name"],
        function=_not_here,
        inputs=_read_sockets(document["inputs"], types),
        outputs=tuple([_read_output(each, types) for each in document["outputs"]]),
        aliases=tuple(document.get("aliases", ())),
        is_checked_elsewhere=document.get("has_validator", False),
        describer=None if described is None else lambda: described,
        **values,
    )


def _not_here(*args: Any, **kwargs: Any) -> NoReturn:
    raise GraphError("This process knows the node types only by their descriptions; run them in the worker.")


def _read_socket(document: dict[str, Any], types: dict[Any, SocketType]) -> Socket:
    widget: Widget | None = read_widget(document.pop("widget")) if "widget" in document else None
    opens = _read_opening(document.pop("opens"), types) if "opens" in document else None
    return Socket(type=_read_type(document.pop("type"), types), widget=widget, opens=opens, **document)


def _read_opening(document: Mapping[str, Any], types: dict[Any, SocketType]) -> Opening:
    if "repeated" in document:
        return Repeated(_read_socket(document["repeated"], types), tuple(document["names"]), document["least"])
    if "given" in document:
        return IfGiven(_read_sockets(document["given"], types))
    return ByValue({value: _read_sockets(several, types) for value, several in document["values"].items()})


def _read_sockets(documents: Sequence[dict[str, Any]], types: dict[Any, SocketType]) -> tuple[Socket, ...]:
    return tuple([_read_socket(each, types) for each in documents])


def _read_output(document: Sequence[Any], types: dict[Any, SocketType]) -> Output:
    name, kind, is_list, tooltip = document
    return Output(name, _read_type(kind, types), is_list, tooltip)


def _read_type(document: str | list[str], types: dict[Any, SocketType]) -> SocketType:
    key = document if isinstance(document, str) else (document[0], True)
    found = types.get(key)
    if found is None:
        found = types[key] = SocketType(document) if isinstance(document, str) else SocketType(document[0], True)
    return found
