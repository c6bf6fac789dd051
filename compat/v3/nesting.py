"""Inputs that others open, as `execute` gets them: in a dictionary under the one that opens them.

    nested(inputs, {"mode": "size", "mode.width": 8})       # {"mode": {"mode": "size", "width": 8, "height": None}}
    nested(inputs, {"images.image0": a, "images.image1": b})  # {"images": {"image0": a, "image1": b}}

An opened input that is not given is None, unless it is one of those that an Autogrow repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from compat.v3.dynamic import Autogrow, DynamicCombo, DynamicInput, DynamicSlot
from compat.v3.inputs import Input
from graph.opening import SEPARATOR

Leaf = Callable[[str, Any], Any]  # (name in the prompt, value) -> what the pack gets


def nested(inputs: Iterable[Input], values: Mapping[str, Any], leaf: Leaf | None = None) -> dict[str, Any]:
    """Return the arguments for a node's method; without inputs that open others, the values as they are."""
    found: dict[str, Any] = {}
    taken: set[str] = set()
    for each in inputs:
        if isinstance(each, DynamicInput):
            found.update(_opened(each, each.id, values, leaf or _value))
            taken.add(each.id)
    plain = {name: value for name, value in values.items() if name.split(SEPARATOR)[0] not in taken}
    return {**plain, **found}


def with_path(name: str, value: Any) -> Any:
    """Return what check_lazy_status gets: the value and the name to ask for it."""
    return (value, name)


def chosen_option(each: Any, value: Any) -> Any:
    """Return the option of a DynamicCombo that a value chooses (a list of one value does too); None if there is none."""
    key = value[0] if isinstance(value, list) and len(value) == 1 else value
    return next((option for option in each.options if option.key == key), None)


def _value(name: str, value: Any) -> Any:
    return value


def _opened(each: Any, name: str, values: Mapping[str, Any], leaf: Leaf) -> Iterator[tuple[str, Any]]:
    """Yield the dictionary of an input that opens others, under its short name; nothing while it opens nothing."""
    short = name.rpartition(SEPARATOR)[2]
    if isinstance(each, Autogrow.Input):
        yield short, _repeated(each, name, values, leaf)
        return
    if name not in values:
        return
    option = chosen_option(each, values[name]) if isinstance(each, DynamicCombo.Input) else None
    if option is None and not isinstance(each, DynamicSlot.Input):
        return
    inner: dict[str, Any] = {}
    for one in each.inputs if option is None else option.inputs:
        full = name + SEPARATOR + one.id
        if isinstance(one, DynamicInput):
            inner.update(_opened(one, full, values, leaf))
        else:
            inner[one.id] = leaf(full, values.get(full))
    yield short, {**inner, short: leaf(name, values[name])}


def _repeated(each: Any, name: str, values: Mapping[str, Any], leaf: Leaf) -> Any:
    """Return the values of an Autogrow by name. What is asked for by its path has one also where nothing is given."""
    names = [one for one in each.template.names if name + SEPARATOR + one in values]
    found = {one: leaf(name + SEPARATOR + one, values[name + SEPARATOR + one]) for one in names}
    return found or leaf(name, {})
