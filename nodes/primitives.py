"""Operators that hold one value, to be set in one place and linked to many."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from graph.run import Run
from graph.spec import node
from graph.widgets import Range, Text

T = TypeVar("T")
LIMIT = 2**63 - 1  # ComfyUI's limit of numbers, both ways

Whole = Annotated[int, Range(-LIMIT, LIMIT)]
Real = Annotated[float, Range(-LIMIT, LIMIT, step=0.1)]


@node(category="utilities/primitive", display_name="Int")
def PrimitiveInt(value: Whole) -> int:
    """Give a whole number."""
    return value


@node(category="utilities/primitive", display_name="Float")
def PrimitiveFloat(value: Real) -> float:
    """Give a number."""
    return value


@node(category="utilities/primitive", display_name="Text")
def PrimitiveString(value: str) -> str:
    """Give a line of text."""
    return value


@node(category="utilities/primitive", display_name="Text (Multiline)")
def PrimitiveStringMultiline(value: Annotated[str, Text(multiline=True)]) -> str:
    """Give a text."""
    return value


@node(category="utilities/primitive", display_name="Boolean")
def PrimitiveBoolean(value: bool) -> bool:
    """Give yes or no."""
    return value


@node(category="utilities", display_name="Reroute")
def Reroute(value: T) -> T:
    """Pass a value on, so that a link can take a way of its own."""
    return value


@node(category="utilities", display_name="Preview as Text", output=True)
def PreviewAny(source: Any, *, run: Run) -> str:
    """Show a value as text."""
    text = source if isinstance(source, str) else str(source)
    run.show("text", [text])
    return text
