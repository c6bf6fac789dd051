"""Bring a workflow into its one form: primary names, converted literals, defaults filled in, inputs in order.

    normalise(workflow, registry).nodes["3"].inputs["steps"]  # 20, whether it held "20", 20.0 or nothing

What cannot be converted stays as it is; `graph.validate` says what is wrong with it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graph.registry import Registry
from graph.spec import MISSING, NodeSpec, Socket
from graph.workflow import Input, Link, Node, Workflow

WRAPPER = "__value__"  # ComfyUI wraps a literal list in {"__value__": [...]}, because a bare list is a link


def normalise(workflow: Workflow, registry: Registry) -> Workflow:
    """Return the workflow in its one form; nodes of unknown types stay as they are."""
    nodes = ((node, registry.find(node.type)) for node in workflow.nodes.values())
    return Workflow({node.id: node if spec is None else _normal_node(node, spec) for node, spec in nodes})


def _normal_node(node: Node, spec: NodeSpec) -> Node:
    """Return the node with the inputs that its type knows, in the type's order, growing ones last."""
    own = [socket for socket in spec.inputs if not socket.is_growing]
    given = {name: value for name, value in node.inputs.items() if spec.input(name) is not None}
    inputs: dict[str, Input] = {}
    for socket in own:
        if socket.name in given:
            inputs[socket.name] = normal_value(socket, given[socket.name])
        elif socket.default is not MISSING:
            inputs[socket.name] = socket.default
    for name, value in given.items():
        socket_of_name = spec.input(name)
        if name not in inputs and socket_of_name is not None:
            inputs[name] = normal_value(socket_of_name, value)
    return replace(node, type=spec.name, inputs=inputs)


def normal_value(socket: Socket, value: Input) -> Input:
    """Return a value as the node wants it, or as it is if it cannot be converted."""
    try:
        return converted(socket, value)
    except ValueError:
        return value


def converted(socket: Socket, value: Input) -> Any:
    """Return a literal as the widget of its socket converts it; ValueError with a short sentence if it cannot."""
    if isinstance(value, Link):
        return value
    if isinstance(value, dict) and WRAPPER in value:
        value = value[WRAPPER]
    if socket.widget is None or (value is None and socket.is_optional):
        return value
    if socket.is_list and isinstance(value, list):
        return [socket.widget.convert(item) for item in value]
    return socket.widget.convert(value)
