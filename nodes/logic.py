"""Operators that decide: switches, comparisons, expressions."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from graph.dynamic import Block
from graph.spec import node
from graph.types import Lazy
from graph.widgets import Text
from nodes.expressions import evaluate

T = TypeVar("T")


class Numbers(NamedTuple):
    """A number in two forms."""

    FLOAT: float
    INT: int


class Computed(NamedTuple):
    """What an expression gives, in three forms."""

    FLOAT: float
    INT: int
    BOOL: bool


@node(category="utilities/logic", display_name="If/Else Switch", output_names=("output",), experimental=True)
async def ComfySwitchNode(switch: bool, on_false: Lazy[T], on_true: Lazy[T]) -> T:
    """Take one of two values; what the other would need is not computed."""
    return await (on_true if switch else on_false)


@node(category="utilities/logic", display_name="And")
def ComfyAndNode(*values: Any) -> bool:
    """Tell whether all values are true, or not empty, or not 0."""
    return all(map(_is_true, values))


@node(category="utilities/logic", display_name="Or")
def ComfyOrNode(*values: Any) -> bool:
    """Tell whether one value at least is true, or not empty, or not 0."""
    return any(map(_is_true, values))


@node(category="utilities/logic", display_name="Not")
def ComfyNotNode(value: Any) -> bool:
    """Turn true into false, and false, nothing or 0 into true."""
    return not _is_true(value)


@node(category="utilities/logic", display_name="Compare")
def Compare(a: Any, b: Any, comparison: Literal["==", "!=", "<", "<=", ">", ">="] = "==") -> bool:
    """Compare two numbers or two texts."""
    if comparison in ("==", "!="):
        return bool((a == b) is (comparison == "=="))
    less, equal = bool(a < b), bool(a == b)
    return {"<": less, "<=": less or equal, ">": not (less or equal), ">=": not less}[comparison]


@node(category="utilities/logic", display_name="Gate", output_names=("value",))
def Gate(value: T, is_open: bool = True, message: str = "") -> T | Block:
    """Pass a value on, or stop whatever reads it.

    message: told when something is stopped.
    """
    return value if is_open else Block(message)


@node(category="utilities", display_name="Math Expression")
def ComfyMathExpression(
    expression: Annotated[str, Text(multiline=True)] = "a + b", **values: float | int | bool
) -> Computed:
    """Compute an expression of the inputs a, b, c …

    expression: + - * / // % **, comparisons, and, or, not, x if c else y, and min, max, abs, round, floor, sqrt …
    """
    result = evaluate(expression, {name.rpartition(".")[2]: value for name, value in values.items()})
    if not math.isfinite(result):
        raise ValueError(f'"{expression}" gives {result}, which is not a finite number')
    return Computed(float(result), int(result), bool(result))


@node(category="utilities", display_name="Convert Number")
def ComfyNumberConvert(value: int | float | str | bool) -> Numbers:
    """Turn a whole number, a number, a text or a truth value into numbers."""
    try:
        number = float(value)
        return Numbers(number, int(value) if isinstance(value, int) else int(number))
    except (ValueError, OverflowError) as error:
        raise ValueError(f'"{value}" is not a finite number') from error


def _is_true(value: Any) -> bool:
    try:
        return bool(value)
    except (RuntimeError, ValueError):  # a tensor of several numbers: it is there
        return True
