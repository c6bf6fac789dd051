"""Give names to the values that an editor saved for a node, by the order in which its type has widgets.

    named_values(node, KSampler.spec)  # {"seed": 7, "steps": 20, …} from [7, "randomize", 20, …]

Documents of many ages are about: values for the control of a seed or for an upload button may be there or not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from graph.formats.editor_document import EditorNode
from graph.formats.widget_slots import BESIDE, NUMBERS, Role, ValueOf, WidgetSlot, widget_slots
from graph.spec import MISSING, NodeSpec

CONTROL_WORDS = frozenset({"fixed", "increment", "decrement", "randomize", "increment-wrap"})
UPLOAD_VALUES = ("image", "video", "audio", "file", "", None)


class Fit(NamedTuple):
    """How a list of values went into a node type's widgets."""

    values: dict[str, Any]
    n_left: int  # values without a widget
    n_missing: int  # widgets without a value


def named_values(node: EditorNode, spec: NodeSpec | None) -> dict[str, Any]:
    """Return a node's saved values by input; widgets that the document leaves out have their defaults.

    Of an unknown type only values that have names in the document are known: in an object, or by the slots of its
    widgets where those match the list one to one. null counts as left out.
    """
    saved = _saved(node, spec)
    given = {name: value for name, value in saved.items() if value is not None and name not in BESIDE}
    return given if spec is None else with_defaults(spec, given, linked_inputs(node))


def linked_inputs(node: EditorNode) -> frozenset[str]:
    """Return the names of the inputs that a link comes into: some open others."""
    return frozenset(slot.name for slot in node.inputs if slot.link is not None)


def fit(values: Sequence[Any], spec: NodeSpec, linked: Collection[str] = ()) -> Fit:
    """Hand out a list of values to the widgets of a node type, in order. `linked`: inputs that a link comes into."""
    keeps_forced = _holds_forced(values, spec)
    found: dict[str, Any] = {}
    index = missing = 0
    for slot in widget_slots(spec, _deciding(found, linked)):
        if slot.role is Role.FORCED and not keeps_forced:
            continue
        if slot.role in (Role.VALUE, Role.FORCED):
            index += _skips_control(slot, values[index : index + 1])
            if index >= len(values):
                missing += 1
                continue
            if slot.role is Role.VALUE:
                found[slot.name] = values[index]
            index += 1
        else:
            index += _takes_beside(slot, values[index : index + 1])
    return Fit(found, _n_left(values[index:]), missing)


def with_defaults(spec: NodeSpec, given: Mapping[str, Any], linked: Collection[str] = ()) -> dict[str, Any]:
    """Return the values with the defaults of the widgets that have none, in the order of the type."""
    filled: dict[str, Any] = {}
    for slot in widget_slots(spec, _deciding(filled, linked)):
        if slot.role is Role.VALUE:
            value = given.get(slot.name, slot.default)
            if value is not MISSING and value is not None:
                filled[slot.name] = value
    return {**filled, **{name: value for name, value in given.items() if name not in filled}}


def _deciding(values: Mapping[str, Any], linked: Collection[str]) -> ValueOf:
    """Return what decides which inputs are open: values, which may grow meanwhile, and links."""
    return lambda name: values.get(name, True if name in linked else None)


def is_control(value: Any) -> bool:
    """Return whether a saved value is the word (once a truth value) for what happens to a seed after a run."""
    return isinstance(value, bool) or (isinstance(value, str) and value in CONTROL_WORDS)


def _saved(node: EditorNode, spec: NodeSpec | None) -> Mapping[str, Any]:
    """Return the saved values by name. The list counts where both are there, for people edit it; unless it is too long."""
    if isinstance(node.values, dict):
        return node.values
    if spec is None or node.values is None:
        return node.named or by_slots(node)
    fitted = fit(node.values, spec, linked_inputs(node))
    return fitted.values if fitted.n_left == 0 or not node.named else node.named


def by_slots(node: EditorNode) -> dict[str, Any]:
    """Return a list of values by the names of the widgets' slots, which newer editors save; nothing if they do not match."""
    names = [slot.name or slot.widget for slot in node.inputs if slot.widget is not None]
    saved = list(node.values or ())
    for values in (saved, _without_controls(saved)):
        if len(values) == len(names):
            return {name: value for name, value in zip(names, values, strict=True) if name}
    return {}


def _without_controls(values: Sequence[Any]) -> list[Any]:
    """Return the values without the words for what happens to a number after a run: they have no slot."""
    before = (None, *values)
    return [value for value, last in zip(values, before, strict=False) if not (_is_number(last) and _is_word(value))]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_word(value: Any) -> bool:
    """Return whether a saved value is a word for what happens to a seed after a run."""
    return isinstance(value, str) and value in CONTROL_WORDS


def _holds_forced(values: Sequence[Any], spec: NodeSpec) -> bool:
    """Return whether a document is from the time when inputs with `forceInput` had a widget and a saved value."""
    slots = list(widget_slots(spec, lambda name: None))
    forced = sum(slot.role is Role.FORCED for slot in slots)
    return forced > 0 and len(values) == len(slots)


def _skips_control(slot: WidgetSlot, following: Sequence[Any]) -> int:
    """Return 1 if a control's word stands where a number is due: its seed has lost the control since then."""
    is_word = bool(following) and isinstance(following[0], str) and following[0] in CONTROL_WORDS
    return int(is_word and slot.type in NUMBERS)


def _takes_beside(slot: WidgetSlot, following: Sequence[Any]) -> int:
    """Return 1 if the next value belongs to a slot that is no input, 0 if the document does without it."""
    if not following:
        return 0
    value = following[0]
    if slot.role is Role.CONTROL:
        return int(is_control(value))
    return int(value in UPLOAD_VALUES) if slot.role is Role.UPLOAD else int(value is None or isinstance(value, str))


def _n_left(rest: Sequence[Any]) -> int:
    """Count the values after the last widget; those of buttons and players do not matter."""
    return sum(value not in UPLOAD_VALUES for value in rest)
