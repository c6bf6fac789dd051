"""Bind a node's inputs to its type's sockets: literals converted, defaults filled in, links found.

bound = bind(workflow.nodes["7"], registry.find("KSampler"))
bound.inputs["steps"]  # 20, though the file says "20" or nothing
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graph.errors import GraphError
from graph.normalise import converted
from graph.spec import MISSING, NodeSpec, Socket
from graph.workflow import Input, Link, Node

_DIGITS = re.compile(r"(\d+)")


class Bound(NamedTuple):
    """A node with its type. `inputs` are links and converted literals, in the order of the sockets."""

    node: Node
    spec: NodeSpec
    inputs: Mapping[str, Input]
    links: tuple[Link, ...]  # must be there before the node runs
    lazy_links: tuple[Link, ...]  # are computed when the node asks


def bind(node: Node, spec: NodeSpec) -> Bound:
    """Return the node with everything its function gets; GraphError names the input that is missing or does not fit."""
    spec = spec.for_inputs(node.inputs)
    inputs = dict(_inputs(node, spec))
    links = [(name, value) for name, value in inputs.items() if type(value) is Link]
    if not spec.has_lazy:
        return Bound(node, spec, inputs, tuple([link for _, link in links]), ())
    lazy = {name for name, _ in links if spec.is_lazy(name)}
    eager = tuple([link for name, link in links if name not in lazy])
    return Bound(node, spec, inputs, eager, tuple([link for name, link in links if name in lazy]))


def links_of(bound: Bound) -> tuple[Link, ...]:
    """Return all links that arrive at a node, lazy ones last."""
    return bound.links + bound.lazy_links if bound.lazy_links else bound.links


def _inputs(node: Node, spec: NodeSpec) -> Iterator[tuple[str, Input]]:
    given = node.inputs
    for socket in spec.inputs:
        if socket.is_growing:
            for name in sorted([name for name in given if spec.input(name) is socket], key=_natural):
                yield name, _value(node, socket, name)
        elif socket.name in given:
            yield socket.name, _value(node, socket, socket.name)
        elif socket.default is not MISSING:
            yield socket.name, socket.default
        elif not socket.is_optional:
            raise GraphError(f"{node.label}, {socket.name}: the input is missing; link it or give a value.")


def _natural(name: str) -> list[tuple[int, str]]:
    """Order image2 before image10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(name)]


def _value(node: Node, socket: Socket, name: str) -> Input:
    value = node.inputs[name]
    if type(value) is Link:
        return value
    try:
        return converted(socket, value)
    except ValueError as error:
        raise GraphError(f"{node.label}, {name}: {error}.") from error
