"""Evaluate expressions of numbers safely: a walk over Python's syntax tree that knows numbers and nothing else.

evaluate("a * 2 + min(b, 1)", {"a": 3, "b": 5})  # 7
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from graph.nearest import did_you_mean

Number = int | float | bool
MOST_CHARACTERS = 2_000
MOST_BITS = 4_096  # of a whole number: about 1,200 digits
MOST_DEPTH = 60

OPERATORS: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau}


def power(base: Number, exponent: Number) -> Any:
    """Return a power; ValueError if it would be huge."""
    are_whole = isinstance(base, int) and isinstance(exponent, int)
    if are_whole and abs(base) > 1 and int(base).bit_length() * abs(exponent) > MOST_BITS:
        raise ValueError(f"{base} ** {exponent} is too large")
    return base**exponent


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan")},
    **{name: getattr(math, name) for name in ("floor", "ceil", "asin", "acos", "atan", "atan2", "hypot")},
    **{"abs": abs, "min": min, "max": max, "round": round, "int": int, "float": float, "bool": bool, "pow": power},
    "sum": lambda *values: sum(values),
    "clamp": lambda value, low, high: max(low, min(value, high)),
}


def evaluate(expression: str, values: Mapping[str, Number]) -> Number:
    """Return what an expression gives; ValueError says what is wrong with it."""
    if len(expression) > MOST_CHARACTERS:
        raise ValueError(f"the expression has {len(expression)} characters; {MOST_CHARACTERS} are the most")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f'"{expression}" is not an expression: {error}') from error
    try:
        return _value(tree.body, values, MOST_DEPTH)
    except (ArithmeticError, TypeError) as error:
        raise ValueError(f'"{expression}" cannot be computed: {error}') from error


def _value(tree: ast.expr, values: Mapping[str, Number], depth: int) -> Number:
    if not depth:
        raise ValueError("the expression has too many brackets inside of each other")

    def inner(part: ast.expr) -> Number:
        return _value(part, values, depth - 1)

    match tree:
        case ast.Constant(value=bool() | int() | float() as number):
            return _checked(number)
        case ast.Name(id=name):
            return _named(name, values)
        case ast.UnaryOp(op=sign, operand=operand) if type(sign) in OPERATORS:
            return _checked(OPERATORS[type(sign)](inner(operand)))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _checked(power(inner(left), inner(right)))
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            return _checked(OPERATORS[type(sign)](inner(left), inner(right)))
        case ast.BoolOp(op=sign, values=parts):
            return _joined(isinstance(sign, ast.And), parts, inner)
        case ast.Compare(left=left, ops=signs, comparators=others) if all(type(sign) in OPERATORS for sign in signs):
            ends = [inner(left), *map(inner, others)]
            return all(OPERATORS[type(sign)](*pair) for sign, pair in zip(signs, pairwise(ends), strict=True))
        case ast.IfExp(test=test, body=body, orelse=other):
            return inner(body) if inner(test) else inner(other)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                raise ValueError(f'there is no function "{name}"{did_you_mean(name, FUNCTIONS)}')
            return _checked(FUNCTIONS[name](*map(inner, arguments)))
    raise ValueError(f'"{ast.unparse(tree)}" is not allowed in an expression of numbers')


def _joined(is_and: bool, parts: list[ast.expr], inner: Callable[[ast.expr], Number]) -> Number:
    value: Number = is_and
    for part in parts:
        value = inner(part)
        if bool(value) is not is_and:
            break
    return value


def _named(name: str, values: Mapping[str, Number]) -> Number:
    if name in values:
        return values[name]
    if name in CONSTANTS:
        return CONSTANTS[name]
    raise ValueError(f'there is no input "{name}"{did_you_mean(name, [*values, *CONSTANTS])}')


def _checked(number: Any) -> Number:
    if isinstance(number, int) and number.bit_length() > MOST_BITS:
        raise ValueError("a number of the expression is too large")
    if not isinstance(number, int | float):
        raise ValueError(f"the expression gives {number}, which is not a real number")
    return number
