"""The values that a subgraph's node sets inside it: its promoted widgets.

    promoted = promoted_values(host, definition, outer)
    promoted.by_input["steps"]          # for the subgraph's input `steps`, unless a wire arrives there
    promoted.by_widget["7", "cfg"]      # for the widget `cfg` of the inner node #7

Three generations of documents: `proxyWidgets` names inner widgets and `widgets_values` follows its order; without it
the values follow the inputs that lead to widgets; and `proxyWidgetErrorQuarantine` keeps values for an input by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.formats.editor_document import EditorGraph, EditorNode
from graph.formats.widget_values import CONTROL_WORDS

OF_HOST = "-1"  # instead of an inner node's id: the widget is the subgraph node's own


class Promotion(NamedTuple):
    """One entry of proxyWidgets: the widget of an inner node; `behind` names the node that an inner subgraph shows."""

    node_id: str
    widget: str
    behind: str | None = None


@dataclass(frozen=True)
class Promoted:
    """Values from outside, by input of the subgraph and by inner widget."""

    by_input: Mapping[str, Any] = field(default_factory=dict)
    by_widget: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    by_widget_behind: Mapping[tuple[str, str, str], Any] = field(default_factory=dict)


def promoted_values(host: EditorNode, definition: EditorGraph, outer: Promoted) -> Promoted:
    """Return what a subgraph's node sets inside it. What `outer`, the graph around it, sets for the node wins."""
    entries = promotions(host)
    values = {**_listed_values(host, definition, entries), **_kept_by_name(host)}
    values |= _from_outside(host, entries, outer)
    by_input: dict[str, Any] = {}
    by_widget: dict[tuple[str, str], Any] = {}
    behind: dict[tuple[str, str, str], Any] = {}
    for entry, value in values.items():
        if entry.node_id == OF_HOST:
            by_input[entry.widget] = value
            continue
        by_widget[entry.node_id, entry.widget] = value
        if entry.behind is not None:
            behind[entry.node_id, entry.widget, entry.behind] = value
        shown = input_of_widget(definition, entry)
        if shown is not None:
            by_input[shown] = value
    return Promoted(by_input, by_widget, behind)


def promotions(host: EditorNode) -> tuple[Promotion, ...]:
    """Return the entries of proxyWidgets; those that are not well formed keep their place."""
    entries = host.properties.get("proxyWidgets")
    return tuple(_promotion(entry) for entry in entries) if isinstance(entries, list) else ()


def input_of_widget(definition: EditorGraph, entry: Promotion) -> str | None:
    """Return the subgraph's input that leads to a widget of an inner node, if there is one."""
    for name, arrival in _arrivals(definition):
        slot = arrival.slot
        if arrival.node.id == entry.node_id and slot.widget is not None and entry.widget in (slot.widget, slot.name):
            return name
    return None


def widget_inputs(definition: EditorGraph) -> tuple[tuple[str, str], ...]:
    """Return names and types of the subgraph's inputs that lead to a widget, in order."""
    leading = {name for name, arrival in _arrivals(definition) if arrival.slot.widget is not None}
    return tuple((slot.name, slot.type) for slot in definition.inputs if slot.name in leading)


class _Arrival(NamedTuple):
    node: EditorNode
    slot: Any


def _arrivals(definition: EditorGraph) -> Iterator[tuple[str, _Arrival]]:
    """Yield the inner inputs that the subgraph's inputs lead to, in the order of its wires."""
    for wire_id, wire in definition.wires.items():
        end = definition.ends.get(wire_id)
        if wire.origin == definition.input_id and end is not None and wire.origin_slot < len(definition.inputs):
            yield definition.inputs[wire.origin_slot].name, _Arrival(end.node, end.node.inputs[end.slot])


def _promotion(entry: Any) -> Promotion:
    texts = [str(part) for part in entry[:3]] if isinstance(entry, list) else []
    return Promotion(texts[0], texts[1], texts[2] if len(texts) > 2 else None) if len(texts) >= 2 else Promotion("", "")


def _listed_values(host: EditorNode, definition: EditorGraph, entries: Sequence[Promotion]) -> dict[Promotion, Any]:
    """Return the values in widgets_values, by what they are for; null is a hole."""
    if isinstance(host.values, dict):
        return {Promotion(OF_HOST, name): value for name, value in host.values.items() if value is not None}
    saved = list(host.values or ())
    if entries:
        pairs = zip(entries, saved, strict=False)
        return {entry: value for entry, value in pairs if value is not None}
    named = host.named or dict(_by_position(widget_inputs(definition), saved))
    return {Promotion(OF_HOST, name): value for name, value in named.items() if value is not None}


def _by_position(inputs: Sequence[tuple[str, str]], saved: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield values by input; the words for what happens to a seed after a run are left out."""
    left = iter(inputs)
    for index, value in enumerate(saved):
        after_number = index > 0 and isinstance(saved[index - 1], int | float)
        if after_number and value in CONTROL_WORDS and len(saved) > len(inputs):
            continue
        name, _ = next(left, (None, ""))
        if name is None:
            return
        yield name, value


def _kept_by_name(host: EditorNode) -> dict[Promotion, Any]:
    entries = host.properties.get("proxyWidgetErrorQuarantine")
    kept: dict[Promotion, Any] = {}
    for entry in reversed(entries if isinstance(entries, list) else []):
        if not isinstance(entry, dict) or entry.get("hostValue") is None:
            continue
        original = _promotion(entry.get("originalEntry"))
        if original.node_id == OF_HOST:
            kept[original] = entry["hostValue"]
    return kept


def _from_outside(host: EditorNode, entries: Sequence[Promotion], outer: Promoted) -> dict[Promotion, Any]:
    """Return what the graph around sets for this node, whose widgets may themselves be those of an inner node."""
    found: dict[Promotion, Any] = {}
    for (node_id, name), value in outer.by_widget.items():
        if node_id == host.id:
            shown = [entry for entry in entries if entry.widget == name]
            found |= dict.fromkeys(shown[:1] or [Promotion(OF_HOST, name)], value)
    for (node_id, name, behind), value in outer.by_widget_behind.items():
        if node_id == host.id:
            found |= {entry: value for entry in entries if (entry.node_id, entry.widget) == (behind, name)}
    return found
