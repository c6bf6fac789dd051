"""Server-sent events as values: what stands between two empty lines is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class ServerEvent(NamedTuple):
    """One event. data None: it only tells the number that has been reached."""

    kind: str
    data: str | None
    number: int | None


def read_events(lines: Iterable[bytes]) -> Iterator[ServerEvent]:
    """Yield the events of a stream; an unfinished one at its end is left out."""
    kind, number = "message", None
    data: list[str] = []
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            if data or number is not None:
                yield ServerEvent(kind, "\n".join(data) if data else None, number)
            kind, data, number = "message", [], None
            continue
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif name == "id" and value.isdigit():
            number = int(value)
