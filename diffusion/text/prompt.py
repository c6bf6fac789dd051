r"""Prompt weights: (word:1.3) and (word), as ComfyUI reads them.

    parse_weights("a (red:1.3) cat")  # [Segment("a ", 1.0), Segment("red", 1.3), Segment(" cat", 1.0)]

A pair of parentheses multiplies by 1.1; a number after the last colon sets the weight, whatever was around it. `\(` and
`\)` are plain parentheses. Text that does not parse counts as text: nothing is an error.
"""

from __future__ import annotations

from typing import NamedTuple

EMPHASIS = 1.1
_OPEN, _CLOSE = "\0\2", "\0\1"  # stand for escaped parentheses while those that count are read


class Segment(NamedTuple):
    """A piece of a prompt and its weight."""

    text: str
    weight: float


def parse_weights(prompt: str) -> list[Segment]:
    """Cut a prompt into pieces of one weight, in reading order."""
    pending = [Segment(prompt.replace(r"\)", _CLOSE).replace(r"\(", _OPEN), 1.0)]
    done = []
    while pending:
        segment = pending.pop()
        parts = [_open_group(part, segment.weight) for part in _split(segment.text)]
        if len(parts) == 1 and parts[0] == segment:
            done.append(segment)
        else:
            pending.extend(reversed(parts))
    return [Segment(text.replace(_CLOSE, ")").replace(_OPEN, "("), weight) for text, weight in done]


def _split(text: str) -> list[str]:
    """Cut text into its outermost groups in parentheses and what lies between them."""
    parts = []
    start = depth = 0
    for index, letter in enumerate(text):
        if letter == "(":
            if depth == 0:
                parts.append(text[start:index])
                start = index
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0:
                parts.append(text[start : index + 1])
                start = index + 1
    parts.append(text[start:])
    return [part for part in parts if part]


def _open_group(part: str, weight: float) -> Segment:
    """Take the parentheses off a part and say its weight; other parts are returned as they are."""
    if len(part) < 2 or part[0] != "(" or part[-1] != ")":
        return Segment(part, weight)
    inner = part[1:-1]
    text, colon, number = inner.rpartition(":")
    if colon and text:
        try:
            return Segment(text, float(number))
        except ValueError:
            pass
    return Segment(inner, weight * EMPHASIS)
