"""Canonical bytes of JSON values: equal values, equal bytes, in every process.

encode({"a": [1, 1.0, True]})  # the three numbers differ, the order of a dict does not count
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any

_NAN = b"d" + struct.pack(">d", math.nan)


class EncodingError(TypeError):
    """A value has no canonical encoding."""


def encode(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value: types are told apart, the order of a dict is not.

    Tuples count as lists, all NaN are one. EncodingError for anything else. Depth is bounded by memory only.
    """
    plain = scalar(value)
    return plain if plain is not None else _encode_nested(value)


def scalar(value: Any) -> bytes | None:
    """Return the bytes of a value that holds no others; None for any other."""
    kind = type(value)
    if kind is str:
        text: bytes = value.encode("utf-8", "surrogatepass")
        return b"s%d:" % len(text) + text
    if kind is int:
        return b"i%x;" % value if value >= 0 else b"i-%x;" % -value
    if kind is bool:
        return b"t" if value else b"f"
    if kind is float:
        return _NAN if value != value else b"d" + struct.pack(">d", value)
    if value is None:
        return b"n"
    if kind is bytes:
        return b"".join((b"b%d:" % len(value), value))
    return None


def _encode_nested(value: Any) -> bytes:
    """Walk with an own stack of iterators, children first; each finished container is bytes in its parent."""
    stack: list[tuple[Iterator[Any], list[bytes], Any]] = [(iter((value,)), [], None)]
    while True:
        items, done, container = stack[-1]
        item = next(items, _END)
        if item is not _END:
            plain = scalar(item)
            if plain is not None:
                done.append(plain)
            else:
                stack.append((_children(item), [], item))
            continue
        if container is None:
            return done[0]
        stack.pop()
        stack[-1][1].append(_joined(container, done))


_END = object()


def _children(container: Any) -> Iterator[Any]:
    if type(container) is dict:
        return (part for pair in container.items() for part in pair)
    if type(container) is list or type(container) is tuple:
        return iter(container)
    raise EncodingError(f"{type(container).__name__} is not a JSON value")


def _joined(container: Any, parts: list[bytes]) -> bytes:
    if isinstance(container, dict):
        pairs = sorted(zip(parts[::2], parts[1::2], strict=True))
        return b"m%d:" % len(pairs) + b"".join(part for pair in pairs for part in pair)
    return b"l%d:" % len(parts) + b"".join(parts)
