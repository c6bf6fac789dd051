"""What a class says of one input: its type's name, its options, and whether its type is compared by code of its own.

read_input((["a", "b"], {"default": "a"}))  # Described("COMBO", {"default": "a"}, choices=["a", "b"])
socket_type(AnyType("*"))                   # ANY, also for texts whose `!=` always says no
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graph.types import ANY, COMBO, SocketType

NO_OPTIONS: Mapping[str, Any] = {}


class Described(NamedTuple):
    """One entry of INPUT_TYPES. `choices`: the list in place of a type's name, or the option of that name."""

    type: SocketType
    options: Mapping[str, Any]
    choices: Any = None


def read_input(entry: Any) -> Described:
    """Return what an entry of INPUT_TYPES says; one that is a text alone is the type's name."""
    parts = (entry,) if isinstance(entry, str) else tuple(entry)
    options = parts[1] if len(parts) > 1 and isinstance(parts[1], Mapping) else NO_OPTIONS
    kind = socket_type(parts[0] if parts else "*")
    choices = parts[0] if parts and not isinstance(parts[0], str) else options.get("options")
    return Described(kind, options, choices if kind == COMBO else None)


def socket_type(kind: Any) -> SocketType:
    """Return the engine's type for what stands in INPUT_TYPES or RETURN_TYPES; a list of choices is a COMBO."""
    if not isinstance(kind, str):
        return COMBO
    if type(kind).__ne__ is not str.__ne__ or type(kind).__eq__ is not str.__eq__:
        return ANY
    return SocketType(plain(kind))


def plain(text: str) -> str:
    """Return a text of any subclass as a plain one."""
    return str.__str__(text)
