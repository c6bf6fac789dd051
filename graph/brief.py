"""Values in few words, for sentences and error reports.

brief("a" * 900)              # "aaaa…", 200 characters
brief(torch.zeros(1, 4, 8, 8))  # "Tensor (1, 4, 8, 8)"
"""

from __future__ import annotations

from typing import Any

LONGEST = 200  # characters of a text


def brief(value: Any) -> str | int | float | bool | None:
    """Return a number, a truth value or None as it is, a text cut short, and what anything else is."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} of {len(value)}" + (f", first {brief(value[0])}" if value else "")
    shape = _shape_of(value)
    return type(value).__name__ + (f" {tuple(shape)}" if isinstance(shape, tuple) else "")


def _shape_of(value: Any) -> Any:
    """Return the shape of a value, None if it has none; an object of a pack may answer with any error."""
    try:
        return value.shape
    except Exception:
        return None
