"""The editor's format, read: what ComfyUI's editor would send for execution.

    from_editor({"nodes": [...], "links": [...]}, registry.find).nodes["3"].inputs["seed"]

Widget values come first and wires win over them. Inputs whose wire comes from a muted node are left out, as in
ComfyUI.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.formats.editor_document import EditorNode, read_document
from graph.formats.flatten import Flat, Placed, Scope, Value, flatten
from graph.formats.widget_slots import BESIDE, SpecOf
from graph.formats.widget_values import named_values
from graph.workflow import CACHE_PROPERTY, CacheMark, Input, Link, Node, Workflow


def from_editor(document: Mapping[str, Any], spec_of: SpecOf) -> Workflow:
    """Return the workflow of an editor document; FormatError names the place that is not well formed.

    A node of an unknown type keeps its wires, and its widget values where the document names them.
    """

    def own_values(scope: Scope, node: EditorNode) -> dict[str, Any]:
        values = named_values(node, spec_of(node.type))
        return values | _promoted_to(scope, node)

    flat = flatten(read_document(document), own_values)
    nodes = [_read_node(flat, placed) for placed in flat.nodes]
    return Workflow.of(*_without_lost_links(nodes))


def _promoted_to(scope: Scope, node: EditorNode) -> dict[str, Any]:
    values = scope.promoted.by_widget.items()
    return {name: value for (node_id, name), value in values if node_id == node.id and name not in BESIDE}


def _read_node(flat: Flat, placed: Placed) -> Node:
    scope, node = placed
    inputs: dict[str, Input] = dict(flat.own_values(scope, node))
    for number, slot in enumerate(node.inputs):
        source = flat.source(scope, node, number) if slot.link is not None else None
        if source is not None and slot.name:
            inputs[slot.name] = source.value if isinstance(source, Value) else source
    title = node.title if node.title != node.type else None
    return Node(scope.id_of(node), node.type, inputs, title, CacheMark.of(node.properties.get(CACHE_PROPERTY)))


def _without_lost_links(nodes: list[Node]) -> list[Node]:
    """Return the nodes without links to nodes that do not run."""
    running = {node.id for node in nodes}

    def is_kept(value: Input) -> bool:
        return not isinstance(value, Link) or value.node_id in running

    return [
        node.changed(inputs={name: value for name, value in node.inputs.items() if is_kept(value)}) for node in nodes
    ]
