"""Flatten an editor document: every node that runs, with its scope, and where each of its inputs comes from.

    flat = flatten(read_document(parsed), own_values)
    for placed in flat.nodes:
        flat.source(placed.scope, placed.node, 0)  # Link("12:3", 0), Value(7) or None

A scope is one use of a graph: the root, or a subgraph inside the node that uses it. Sources are traced as in
ComfyUI's editor: through reroutes, bypassed nodes (by matching types) and the ends of subgraphs, to a node that runs or
to a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.errors import FormatError
from graph.formats.editor_document import BYPASS, NEVER, EditorDocument, EditorGraph, EditorNode
from graph.formats.subgraphs import Promoted, promoted_values
from graph.workflow import Link

PRIMITIVE, REROUTE = "PrimitiveNode", "Reroute"
VIRTUAL = frozenset({PRIMITIVE, REROUTE, "Note", "MarkdownNote"})  # only the editor knows them
GROUP_NODES = ("workflow>", "workflow/")  # before subgraphs there were group nodes, under types that begin so
MOST_NODES = 100_000  # a few nested definitions can name more nodes than there is memory


@dataclass(frozen=True, eq=False)
class Scope:
    """One use of a graph, at a path of ids such as `12:5`; the root's path is empty."""

    path: str
    graph: EditorGraph
    host: EditorNode | None = None
    parent: Scope | None = None
    promoted: Promoted = field(default_factory=Promoted)

    def id_of(self, node: EditorNode) -> str:
        """Return the id of a node in the flat workflow."""
        return f"{self.path}:{node.id}" if self.path else node.id


class Placed(NamedTuple):
    """A node in its scope."""

    scope: Scope
    node: EditorNode


class Value(NamedTuple):
    """A literal that takes the place of a wire."""

    value: Any


class AtInput(NamedTuple):
    """A stop on the way back along the wires: an input whose source is asked for."""

    scope: Scope
    node: EditorNode
    slot: int
    type: str | None = None


class AtOutput(NamedTuple):
    """A stop on the way back along the wires: an output that is to serve an input of some type."""

    scope: Scope
    node: EditorNode
    slot: int
    type: str


Source = Link | Value | None
Stop = AtInput | AtOutput
OwnValues = Callable[[Scope, EditorNode], Mapping[str, Any]]


@dataclass(frozen=True)
class Flat:
    """A flattened document."""

    nodes: tuple[Placed, ...]  # those that run, in the order of the document
    scopes: Mapping[str, Scope]  # by path
    definitions: Mapping[str, EditorGraph]
    own_values: OwnValues

    def source(self, scope: Scope, node: EditorNode, slot: int) -> Source:
        """Return where an input comes from; None if no wire arrives. The link may lead to a node that does not run."""
        at: Source | Stop = AtInput(scope, node, slot)
        seen: set[tuple[str, str, bool, int]] = set()
        while isinstance(at, AtInput | AtOutput):
            stop = (at.scope.path, at.node.id, isinstance(at, AtInput), at.slot)
            if stop in seen:
                raise FormatError(f"{at.node.type} #{at.scope.id_of(at.node)}: its wires lead back to itself.")
            seen.add(stop)
            at = self._before_input(at) if isinstance(at, AtInput) else self._before_output(at)
        return at

    def _before_input(self, at: AtInput) -> Source | Stop:
        graph = at.scope.graph
        slot = at.node.inputs[at.slot] if at.slot < len(at.node.inputs) else None
        wire = graph.wires.get(slot.link) if slot is not None and slot.link is not None else None
        if slot is None or wire is None:
            return None
        if wire.origin == graph.input_id and at.scope.host is not None:
            return self._outside(at.scope, wire.origin_slot)
        origin = graph.nodes.get(wire.origin)
        return None if origin is None else AtOutput(at.scope, origin, wire.origin_slot, at.type or slot.type)

    def _outside(self, scope: Scope, number: int) -> Source | Stop:
        """Leave a subgraph by one of its inputs: to the wire outside, or to the value that is set there."""
        assert scope.host is not None
        assert scope.parent is not None
        if number >= len(scope.graph.inputs):
            return None
        name = scope.graph.inputs[number].name
        slots = [index for index, slot in enumerate(scope.host.inputs) if slot.name == name]
        if slots and scope.host.inputs[slots[0]].link is not None:
            return AtInput(scope.parent, scope.host, slots[0])
        if name in scope.promoted.by_input:
            return Value(scope.promoted.by_input[name])
        return self._shared_value(scope, number)

    def _shared_value(self, scope: Scope, number: int) -> Value | None:
        """Return the value of the first widget that an input of a subgraph leads to: all others have it too."""
        wires = scope.graph.inputs[number].links or tuple(
            wire_id
            for wire_id, wire in scope.graph.wires.items()
            if (wire.origin, wire.origin_slot) == (scope.graph.input_id, number)
        )
        ends = [scope.graph.ends[wire_id] for wire_id in wires if wire_id in scope.graph.ends]
        first = next((end for end in ends if end.node.inputs[end.slot].widget is not None), None)
        if len(ends) < 2 or first is None or first.node.type in self.definitions:
            return None
        values = self.own_values(scope, first.node)
        name = first.node.inputs[first.slot].name
        return Value(values[name]) if name in values else None

    def _before_output(self, at: AtOutput) -> Source | Stop:
        node = at.node
        if node.type == PRIMITIVE:
            return _primitive_value(at.scope, node)
        if node.mode == BYPASS:
            slot = bypass_slot(node, at.slot, at.type)
            return None if slot is None else AtInput(at.scope, node, slot)
        if node.type in VIRTUAL:
            return AtInput(at.scope, node, at.slot, at.type)
        if node.type in self.definitions and node.mode != NEVER:
            return self._inside(at)
        return Link(at.scope.id_of(node), at.slot)

    def _inside(self, at: AtOutput) -> Source | Stop:
        """Enter a subgraph by one of its outputs."""
        scope = self.scopes.get(at.scope.id_of(at.node))
        if scope is None:
            return None
        wires = scope.graph.wires.values()
        wire = next(
            (wire for wire in wires if (wire.target, wire.target_slot) == (scope.graph.output_id, at.slot)), None
        )
        if wire is None:
            return None
        if wire.origin == scope.graph.input_id:
            return self._outside(scope, wire.origin_slot)
        origin = scope.graph.nodes.get(wire.origin)
        return None if origin is None else AtOutput(scope, origin, wire.origin_slot, at.type)


def flatten(document: EditorDocument, own_values: OwnValues) -> Flat:
    """Return the flattened document. `own_values` gives a node's widget values by name."""
    placed: list[Placed] = []
    root = Scope("", document.root)
    scopes = {"": root}
    left = [Placed(root, node) for node in reversed(tuple(document.root.nodes.values()))]
    while left:
        scope, node = left.pop()
        if node.mode in (NEVER, BYPASS) or node.type in VIRTUAL:
            continue
        definition = document.definitions.get(node.type)
        if definition is None:
            _refuse_group(scope, node)
            placed.append(Placed(scope, node))
        else:
            inner = _enter(scope, node, definition)
            scopes[inner.path] = inner
            left += [Placed(inner, inside) for inside in reversed(tuple(definition.nodes.values()))]
        if len(placed) + len(left) + len(scopes) > MOST_NODES:
            raise FormatError(f"The subgraphs hold more than {MOST_NODES} nodes in all.")
    return Flat(tuple(placed), scopes, document.definitions, own_values)


def _refuse_group(scope: Scope, node: EditorNode) -> None:
    if node.type.startswith(GROUP_NODES):
        raise FormatError(
            f"Node #{scope.id_of(node)} is the group node {node.type}, a kind that came before subgraphs and is not read "
            "here; open the workflow in ComfyUI's editor, convert the group to nodes or to a subgraph, and save it again."
        )


def bypass_slot(node: EditorNode, output: int, wanted: str) -> int | None:
    """Return the input that a bypassed node passes on to an output, for a target of type `wanted`; None if none fits.

    The input beside the output comes first, then one of exactly the wanted type, then the first that fits.
    """
    inputs = node.inputs
    if wanted == "*":
        return (output if output < len(inputs) else 0) if inputs else None
    given = node.outputs[output].type if output < len(node.outputs) else "*"
    fitting = [i for i, slot in enumerate(inputs) if _fits(slot.type, given) and _fits(slot.type, wanted)]
    if output in fitting:
        return output
    exact = [i for i, slot in enumerate(inputs) if slot.type == wanted]
    return next(iter(exact), next(iter(fitting), None))


def _enter(scope: Scope, host: EditorNode, definition: EditorGraph) -> Scope:
    """Return the scope inside a subgraph's node; FormatError if the subgraph is inside itself."""
    around: Scope | None = scope
    while around is not None:
        if around.graph is definition:
            raise FormatError(f"Node #{scope.id_of(host)}: the subgraph {host.type} contains itself.")
        around = around.parent
    return Scope(scope.id_of(host), definition, host, scope, promoted_values(host, definition, scope.promoted))


def _primitive_value(scope: Scope, node: EditorNode) -> Value | None:
    """Return what a primitive holds: the first of its saved values, or what a subgraph's node sets for it."""
    promoted = [value for (node_id, _), value in scope.promoted.by_widget.items() if node_id == node.id]
    saved = node.values if isinstance(node.values, list) else list((node.values or {}).values())
    values = [value for value in (*promoted[:1], *saved[:1]) if value is not None]
    return Value(values[0]) if values else None


def _fits(one: str, other: str) -> bool:
    """Return whether LiteGraph joins two types: `*` fits all, and two unions need a member in common."""
    left, right = set(one.lower().split(",")), set(other.lower().split(","))
    return "*" in left | right or not left.isdisjoint(right)
