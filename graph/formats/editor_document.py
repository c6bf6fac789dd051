"""The editor's document as frozen data: graphs of nodes, slots and wires, checked while they are read.

    document = read_document(parsed)
    document.root.nodes["3"].inputs[0].link  # "12", a key of document.root.wires

Links are lists in version 0.4 and objects in 1.0 and in subgraphs. Native reroutes only bend
wires, so they are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from graph.errors import FormatError
from graph.formats.document import unexpected, want_id, want_index, want_list, want_mapping, want_text

NEVER, BYPASS = 2, 4  # LiteGraph's modes of a node
INPUT_ID, OUTPUT_ID = "-10", "-20"  # the ends of a subgraph, where its document does not say otherwise


@dataclass(frozen=True)
class Slot:
    """An input or output of a node, or of a subgraph."""

    name: str
    type: str
    link: str | None = None
    widget: str | None = None
    links: tuple[str, ...] = ()  # of a subgraph's ends: the wires inside, in order


class Wire(NamedTuple):
    """A link between two slots."""

    origin: str
    origin_slot: int
    target: str
    target_slot: int


class End(NamedTuple):
    """A node and the number of one of its inputs."""

    node: EditorNode
    slot: int


@dataclass(frozen=True)
class EditorNode:
    """A node as the editor saves it."""

    id: str
    type: str
    title: str | None = None
    mode: int = 0
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    values: Any = None  # widgets_values: a list, or an object by name
    named: Mapping[str, Any] = field(default_factory=dict)  # the same by name, where the editor wrote that too
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EditorGraph:
    """Nodes and wires; a subgraph has inputs and outputs too."""

    nodes: Mapping[str, EditorNode]
    wires: Mapping[str, Wire]
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    input_id: str = INPUT_ID
    output_id: str = OUTPUT_ID

    @cached_property
    def ends(self) -> Mapping[str, End]:
        """The input at which each wire arrives, by the wire's id."""
        slots = ((node, number) for node in self.nodes.values() for number in range(len(node.inputs)))
        return {link: End(node, number) for node, number in slots if (link := node.inputs[number].link) is not None}


@dataclass(frozen=True)
class EditorDocument:
    """The graph that one sees first, and the subgraph definitions by id."""

    root: EditorGraph
    definitions: Mapping[str, EditorGraph]


def read_document(document: Mapping[str, Any]) -> EditorDocument:
    """Return the parsed document as data; FormatError names the place that is not well formed."""
    return EditorDocument(_graph(document, ""), _definitions(document))


def _definitions(document: Mapping[str, Any]) -> dict[str, EditorGraph]:
    found: dict[str, EditorGraph] = {}
    left = [(document, "")]
    while left:
        holder, prefix = left.pop()
        subgraphs = want_mapping(holder.get("definitions") or {}, f"{prefix}definitions").get("subgraphs")
        for number, subgraph in enumerate(want_list(subgraphs, f"{prefix}definitions.subgraphs")):
            place = f"{prefix}definitions.subgraphs[{number}]"
            fields = want_mapping(subgraph, place)
            found.setdefault(want_id(fields.get("id"), f"{place}.id"), _graph(fields, f"{place}."))
            left.append((fields, f"{place}."))
    return found


def _graph(fields: Mapping[str, Any], prefix: str) -> EditorGraph:
    nodes: dict[str, EditorNode] = {}
    for number, item in enumerate(want_list(fields.get("nodes"), f"{prefix}nodes")):
        node = _node(want_mapping(item, f"{prefix}nodes[{number}]"), f"{prefix}nodes[{number}]")
        if node.id in nodes:
            raise FormatError(f"{prefix}nodes[{number}].id: there are two nodes #{node.id}.")
        nodes[node.id] = node
    return EditorGraph(
        nodes,
        _wires(fields.get("links"), f"{prefix}links"),
        _slots(fields.get("inputs"), f"{prefix}inputs") if prefix else (),
        _slots(fields.get("outputs"), f"{prefix}outputs") if prefix else (),
        _end_id(fields.get("inputNode"), INPUT_ID, f"{prefix}inputNode"),
        _end_id(fields.get("outputNode"), OUTPUT_ID, f"{prefix}outputNode"),
    )


def _end_id(end: Any, usual: str, place: str) -> str:
    return want_id(end["id"], f"{place}.id") if isinstance(end, dict) and "id" in end else usual


def _node(fields: Mapping[str, Any], place: str) -> EditorNode:
    mode, title, named = fields.get("mode"), fields.get("title"), fields.get("widgets_values_named")
    return EditorNode(
        id=want_id(fields.get("id"), f"{place}.id"),
        type=want_text(fields.get("type"), f"{place}.type"),
        title=title if isinstance(title, str) and title else None,
        mode=mode if isinstance(mode, int) else 0,
        inputs=_slots(fields.get("inputs"), f"{place}.inputs"),
        outputs=_slots(fields.get("outputs"), f"{place}.outputs"),
        values=_values(fields.get("widgets_values"), f"{place}.widgets_values"),
        named=named if isinstance(named, dict) else {},
        properties=want_mapping(fields.get("properties") or {}, f"{place}.properties"),
    )


def _values(value: Any, place: str) -> Any:
    if value is None or isinstance(value, list | dict):
        return value
    raise unexpected(value, place, "a list or an object")


def _slots(items: Any, place: str) -> tuple[Slot, ...]:
    return tuple(_slot(item, f"{place}[{number}]") for number, item in enumerate(want_list(items, place)))


def _slot(item: Any, place: str) -> Slot:
    fields = want_mapping(item, place)
    link, widget, slot_type = fields.get("link"), fields.get("widget"), fields.get("type")
    inner = want_list(fields.get("linkIds"), f"{place}.linkIds")
    return Slot(
        name=str(fields.get("name") or ""),
        type=slot_type if isinstance(slot_type, str) and slot_type else "*",
        link=None if link is None else want_id(link, f"{place}.link"),
        widget=str(widget.get("name") or fields.get("name")) if isinstance(widget, dict) else None,
        links=tuple(want_id(wire, f"{place}.linkIds") for wire in inner),
    )


def _wires(items: Any, place: str) -> dict[str, Wire]:
    values = items.values() if isinstance(items, dict) else want_list(items, place)
    read = (_wire(item, f"{place}[{number}]") for number, item in enumerate(values) if item is not None)
    return dict(read)


def _wire(item: Any, place: str) -> tuple[str, Wire]:
    if isinstance(item, list):
        if len(item) < 5:
            raise FormatError(f"{place} has {len(item)} values; a link has six: id, from, slot, to, slot, type.")
        link_id, origin, origin_slot, target, target_slot = item[:5]
    else:
        fields = want_mapping(item, place)
        link_id, origin, origin_slot = fields.get("id"), fields.get("origin_id"), fields.get("origin_slot")
        target, target_slot = fields.get("target_id"), fields.get("target_slot")
    return want_id(link_id, f"{place}, id"), Wire(
        want_id(origin, f"{place}, origin"),
        want_index(origin_slot, f"{place}, slot of the origin"),
        want_id(target, f"{place}, target"),
        want_index(target_slot, f"{place}, slot of the target"),
    )
