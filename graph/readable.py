"""Values as JSON has them, whatever nodes of packs put into what they show.

readable({1: {"a"}, "path": Path("x")})  # {"1": ["a"], "path": "x"}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOWHERE: frozenset[int] = frozenset()
MOST_DEEP = 200
PLAIN = (bool, int, float)  # bool first: it is an int too


def readable(value: Any, within: frozenset[int] = NOWHERE) -> Any:
    """Return a value of dicts, lists, texts that UTF-8 has, numbers and None; anything else as text.

    within: the ids of what holds the value; what holds itself, or lies too deep, becomes the name of its type.
    """
    if value is None or type(value) in PLAIN:
        return value
    if isinstance(value, str):
        return _text(value)
    plain = next((base for base in PLAIN if isinstance(value, base)), None)
    if plain is not None:
        return plain(value)
    if id(value) in within or len(within) == MOST_DEEP:
        return type(value).__name__
    inside = within | {id(value)}
    if isinstance(value, Mapping):
        return {_text(key): readable(each, inside) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [readable(each, inside) for each in value]
    return _text(value)


def _text(value: Any) -> str:
    """Return a value as text; names of files may hold bytes that are no text, objects of packs may refuse."""
    try:
        return str(value).encode("utf-8", "replace").decode()
    except Exception:
        return type(value).__name__
