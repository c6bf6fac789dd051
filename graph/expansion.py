"""Give the graph that a node expands into its place in a run: ids that follow from the node's, values as results.

    placed = place(Expand(graph, (Link("a", 0),)), "7", 0, digest)
    placed.nodes     # {"7.0.a": …}: the first expansion of node 7
    placed.outputs   # (Link("7.0.a", 0),)

An id that begins with the node's own and a dot stays as it is: some packs for ComfyUI make such ids. A value that no
workflow file could hold becomes a result of its own, with a key by its content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from graph.binding import Bound
from graph.dynamic import Expand
from graph.encoding import EncodingError, encode
from graph.keys import KEY_BYTES, Key, value_part
from graph.results import Result, Values
from graph.spec import NodeSpec, Output
from graph.types import ANY
from graph.workflow import Input, Link, Node

Digest = Callable[[Any], bytes | None]
GIVEN = NodeSpec("(value)", function=lambda: None, inputs=(), outputs=(Output("*", ANY),))


@dataclass(frozen=True)
class Given:
    """A value of an expansion: what a link to it finds."""

    result: Result
    key: Key | None


@dataclass
class Placed:
    """A graph with the ids that it has in the run. `outputs`: a Link, or the Values themselves."""

    outputs: tuple[Link | Values, ...] = ()
    nodes: dict[str, Node] = field(default_factory=dict)
    given: dict[str, Given] = field(default_factory=dict)
    shown_as: Mapping[str, str] = field(default_factory=dict)


def place(expand: Expand, outer: str, number: int, digest: Digest | None) -> Placed:
    """Return the graph of a node's expansion; `number` counts the expansions of that node in this run."""
    prefix = f"{outer}.{number}."
    ids = {name: name if name.startswith(f"{outer}.") else prefix + name for name in expand.graph.nodes}

    def linked(link: Link) -> Link:
        return Link(ids.get(link.node_id, link.node_id), link.output)

    outputs = tuple([linked(out) if isinstance(out, Link) else _values(out) for out in expand.outputs])
    placed = Placed(outputs, shown_as={ids[name]: shown for name, shown in expand.shown_as.items() if name in ids})
    for node in expand.graph.nodes.values():
        inputs: dict[str, Input] = {}
        for name, value in node.inputs.items():
            if isinstance(value, Link):
                inputs[name] = linked(value)
            elif _is_literal(value):
                inputs[name] = value
            else:
                inputs[name] = _give(placed, f"{ids[node.id]}.{name}", value, digest)
        placed.nodes[ids[node.id]] = node.changed(id=ids[node.id], inputs=inputs)
    return placed


def given_bound(node_id: str) -> Bound:
    """Return what stands for a value among nodes."""
    return Bound(Node(node_id, GIVEN.name), GIVEN, {}, (), ())


def _give(placed: Placed, node_id: str, value: Any, digest: Digest | None) -> Link:
    values = _values(value)
    parts = [value_part(item, digest) for item in values.items]
    known = [part for part in parts if part is not None]
    key = None
    if len(known) == len(parts):
        key = blake2b(b"value%d;" % values.is_list + b"".join(known), digest_size=KEY_BYTES).digest()
    placed.given[node_id] = Given(Result((values,)), key)
    return Link(node_id, 0)


def _values(value: Any) -> Values:
    return value if isinstance(value, Values) else Values((value,))


def _is_literal(value: Any) -> bool:
    try:
        encode(value)
    except EncodingError:
        return False
    return type(value) is not bytes
