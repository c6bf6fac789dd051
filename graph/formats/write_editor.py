"""The editor's format, written: a document (version 0.4) that ComfyUI's editor and ours open.

    to_editor(workflow, registry.find)["nodes"][0]["pos"]  # [0, 0]: laid out from left to right

Read back it gives the same workflow. Values that no widget of the node's type holds are written by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from graph.errors import FormatError
from graph.formats.layout import Place, Size, places
from graph.formats.widget_slots import BESIDE, Role, SpecOf, widget_slots
from graph.spec import MISSING, NodeSpec
from graph.workflow import CACHE_PROPERTY, Link, Node, Workflow

WIDTH, ROW_HEIGHT, TEXT_HEIGHT, EDGE = 315, 24, 120, 20
AFTER_RUN = "randomize"  # what the editor does to a seed after a run, unless told otherwise
_BESIDE: Mapping[Role, Any] = {Role.CONTROL: AFTER_RUN, Role.FILTER: "", Role.UPLOAD: "image"}


class Wire(NamedTuple):
    """A link of the document."""

    id: int
    origin: Link
    target: str
    name: str


@dataclass(frozen=True)
class Drawn:
    """A node with everything that its part of the document needs."""

    node: Node
    spec: NodeSpec | None
    arriving: Mapping[str, Wire]  # by input
    leaving: Mapping[int, list[int]]  # ids by output

    @property
    def open_spec(self) -> NodeSpec | None:
        """The type with the sockets that the node's inputs open."""
        return None if self.spec is None else self.spec.for_inputs(self.node.inputs)

    @property
    def input_names(self) -> list[str]:
        """The inputs that have a slot: those without a widget, and those where a link arrives."""
        sockets = self.open_spec.inputs if self.open_spec is not None else ()
        own = [
            socket.name
            for socket in sockets
            if not socket.is_growing and (socket.widget is None or socket.name in self.arriving)
        ]
        return [*own, *(name for name in self.arriving if name not in own)]

    @property
    def n_outputs(self) -> int:
        """How many outputs the type has, or as many as links need."""
        return max((len(self.spec.outputs) if self.spec is not None else 0, *(number + 1 for number in self.leaving)))


def to_editor(workflow: Workflow, spec_of: SpecOf, *, after_run: str = AFTER_RUN) -> dict[str, Any]:
    """Return the editor's document of a workflow, with an automatic layout.

    `after_run` is what the editor shall do to seeds: fixed, increment, decrement or randomize. FormatError if a link
    leads to a node that there is not, for such a link cannot be drawn.
    """
    wires = list(_wires(workflow))
    drawn = _drawn(workflow, spec_of, wires)
    by_id = {one.node.id: one for one in drawn}
    placed = places(workflow, {one.node.id: _size(one) for one in drawn})
    return {
        "last_node_id": max((int(node_id) for node_id in workflow.nodes if _is_plain(node_id)), default=0),
        "last_link_id": len(wires),
        "nodes": [_node(one, placed[one.node.id], order, after_run) for order, one in enumerate(drawn)],
        "links": [_link(wire, by_id) for wire in wires],
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _wires(workflow: Workflow) -> Iterator[Wire]:
    number = 0
    for node in workflow.nodes.values():
        for name, link in node.links():
            if link.node_id not in workflow.nodes:
                raise FormatError(f"{node.label}, {name}: there is no node #{link.node_id} to link to.")
            number += 1
            yield Wire(number, link, node.id, name)


def _drawn(workflow: Workflow, spec_of: SpecOf, wires: list[Wire]) -> list[Drawn]:
    arriving: dict[str, dict[str, Wire]] = {node_id: {} for node_id in workflow.nodes}
    leaving: dict[str, dict[int, list[int]]] = {node_id: {} for node_id in workflow.nodes}
    for wire in wires:
        arriving[wire.target][wire.name] = wire
        leaving[wire.origin.node_id].setdefault(wire.origin.output, []).append(wire.id)
    return [Drawn(node, spec_of(node.type), arriving[node.id], leaving[node.id]) for node in workflow.nodes.values()]


def _node(drawn: Drawn, place: Place, order: int, after_run: str) -> dict[str, Any]:
    node = drawn.node
    return {
        "id": _id(node.id),
        "type": node.type,
        "pos": list(place),
        "size": list(_size(drawn)),
        "flags": {},
        "order": order,
        "mode": 0,
        "inputs": [_input(drawn, name) for name in drawn.input_names],
        "outputs": [_output(drawn, number) for number in range(drawn.n_outputs)],
        **({"title": node.title} if node.title else {}),
        "properties": {"Node name for S&R": node.type, **({CACHE_PROPERTY: node.mark.value} if node.mark else {})},
        "widgets_values": _values(drawn, after_run),
    }


def _input(drawn: Drawn, name: str) -> dict[str, Any]:
    wire = drawn.arriving.get(name)
    socket = drawn.open_spec.input(name) if drawn.open_spec is not None else None
    has_widget = socket is not None and socket.widget is not None and not socket.is_growing
    widget = {"widget": {"name": name}} if has_widget else {}
    shape = {"shape": 7} if socket is not None and socket.is_optional else {}  # a hollow dot
    return {"name": name, "type": _input_type(drawn, name), "link": wire.id if wire else None, **widget, **shape}


def _input_type(drawn: Drawn, name: str) -> str:
    socket = drawn.open_spec.input(name) if drawn.open_spec is not None else None
    return "*" if socket is None or socket.type.variable else socket.type.name


def _output(drawn: Drawn, number: int) -> dict[str, Any]:
    outputs = drawn.spec.outputs if drawn.spec is not None else ()
    name = outputs[number].name if number < len(outputs) else _output_type(drawn, number)
    return {
        "name": name,
        "type": _output_type(drawn, number),
        "links": drawn.leaving.get(number, []),
        "slot_index": number,
    }


def _output_type(drawn: Drawn, number: int) -> str:
    outputs = drawn.spec.outputs if drawn.spec is not None else ()
    return outputs[number].type.name if number < len(outputs) and not outputs[number].type.variable else "*"


def _link(wire: Wire, by_id: Mapping[str, Drawn]) -> list[Any]:
    target = by_id[wire.target]
    slot = target.input_names.index(wire.name)
    link_type = _output_type(by_id[wire.origin.node_id], wire.origin.output)
    return [wire.id, _id(wire.origin.node_id), wire.origin.output, _id(wire.target), slot, link_type]


def _values(drawn: Drawn, after_run: str) -> Any:
    """Return the widgets' values in order, or by name if a value has no widget or a widget no value."""
    given = {name: value for name, value in drawn.node.inputs.items() if not isinstance(value, Link)}
    if drawn.spec is None:
        return given
    written: list[Any] = []
    names: set[str] = set()
    for slot in widget_slots(drawn.spec, drawn.node.inputs.get):
        if slot.role is Role.VALUE:
            names.add(slot.name)
            written.append(given.get(slot.name, None if slot.default is MISSING else slot.default))
        elif slot.role is not Role.FORCED:
            written.append(after_run if slot.role is Role.CONTROL else _BESIDE[slot.role])
    return written if names.issuperset(given.keys() - BESIDE) else given


def _size(drawn: Drawn) -> Size:
    slots = list(widget_slots(drawn.spec, drawn.node.inputs.get)) if drawn.spec is not None else []
    has_text = any(isinstance(value, str) and len(value) > 60 for value in drawn.node.inputs.values())
    rows = max(len(drawn.input_names), drawn.n_outputs) + len(slots)
    return Size(WIDTH, EDGE + rows * ROW_HEIGHT + (TEXT_HEIGHT if has_text else 0))


def _id(node_id: str) -> int | str:
    """Return an id as editors write it: a number where it is one."""
    return int(node_id) if _is_plain(node_id) else node_id


def _is_plain(node_id: str) -> bool:
    return node_id.isascii() and node_id.isdecimal() and len(node_id) < 10 and str(int(node_id)) == node_id
