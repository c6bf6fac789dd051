"""What a conversion leaves out, as sentences: values without a name, and node types that are not known.

    losses_to_api(document, registry.find)  # ("Blend #4: this node type is not known here, …",)

Notes, groups, colours and places are left out of the API format by design and are not mentioned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graph.formats.editor_document import EditorNode, read_document
from graph.formats.flatten import flatten
from graph.formats.widget_slots import BESIDE, Role, SpecOf, widget_slots
from graph.formats.widget_values import by_slots, fit, linked_inputs
from graph.spec import NodeSpec
from graph.workflow import Link, Node, Workflow


def losses_to_api(document: Mapping[str, Any], spec_of: SpecOf) -> tuple[str, ...]:
    """Return what an editor document holds that its API document does not."""
    flat = flatten(read_document(document), lambda scope, node: {})
    if not flat.nodes:
        return ("No node of this workflow runs: all of them are notes, muted or bypassed.",)
    found = (
        _unnamed(Node(scope.id_of(node), node.type, title=node.title).label, node, spec_of)
        for scope, node in flat.nodes
    )
    return tuple(sentence for sentence in found if sentence)


def losses_to_editor(workflow: Workflow, spec_of: SpecOf) -> tuple[str, ...]:
    """Return what an editor may not understand of a workflow that is written for it."""
    found = (_undrawn(node, spec_of(node.type)) for node in workflow.nodes.values())
    return tuple(sentence for sentence in found if sentence)


def _unnamed(label: str, node: EditorNode, spec_of: SpecOf) -> str | None:
    if not isinstance(node.values, list) or all(value is None for value in node.values) or node.named:
        return None
    spec = spec_of(node.type)
    if spec is None:
        return None if by_slots(node) else _unknown_values(label, node.values)
    fitted = fit(node.values, spec, linked_inputs(node))
    if fitted.n_left == 0:
        return None
    return (
        f"{label}: {fitted.n_left} of its {len(node.values)} saved values fit none of its widgets and are left out; "
        "the file may come from another version of the node. Check its values."
    )


def _unknown_values(label: str, values: Sequence[Any]) -> str:
    return (
        f"{label}: this node type is not known here, so its saved values have no names and are left out: "
        f"{_shown(values)}. Its links are kept. Add the values by hand, or convert where the node type is installed."
    )


def _undrawn(node: Node, spec: NodeSpec | None) -> str | None:
    given = [name for name, value in node.inputs.items() if not isinstance(value, Link)]
    if spec is None:
        by_name = f" Its values ({', '.join(given)}) are saved by name, which not every editor reads." if given else ""
        return f"{node.label}: this node type is not known here; its sockets are drawn from its links, without types.{by_name}"
    slots = widget_slots(spec, node.inputs.get)
    known = {slot.name for slot in slots if slot.role is Role.VALUE}
    foreign = [name for name in given if name not in known | BESIDE]
    if not foreign:
        return None
    return (
        f"{node.label}: no widget of this node type takes {', '.join(foreign)}, so its values are saved by name, "
        "which not every editor reads. Check its values."
    )


def _shown(values: Sequence[Any], most: int = 6) -> str:
    texts = [text if len(text := repr(value)) <= 40 else f"{text[:37]}…" for value in values[:most]]
    return ", ".join(texts) + (f" and {len(values) - most} more" if len(values) > most else "")
