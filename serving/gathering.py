"""Frames of a WebSocket that go out together: one call of the system in place of one a frame.

    with gathered(socket):
        await socket.send_frame(first, WSMsgType.TEXT)
        await socket.send_frame(second, WSMsgType.TEXT)

A tiny job tells its client in a dozen messages; together they take a tenth off the time until the last is there (2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from aiohttp import web


class Transport(Protocol):
    """What a writer of frames asks of the transport below it."""

    def write(self, data: bytes) -> None:
        """Send bytes."""
        ...

    def is_closing(self) -> bool:
        """Return whether nothing is sent any more."""
        ...


class Gathering:
    """A transport that keeps what is written until it is let go, in order."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._kept: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep bytes."""
        self._kept.append(data)

    def is_closing(self) -> bool:
        """Return whether nothing is sent any more."""
        return self._transport.is_closing()

    def let_go(self) -> None:
        """Send all in one piece."""
        if self._kept:
            kept, self._kept = self._kept, []
            self._transport.write(b"".join(kept))


@contextmanager
def gathered(socket: web.WebSocketResponse) -> Iterator[None]:
    """Have the frames that are sent inside go out together at the end, also those that others send meanwhile."""
    writer: Any = socket._writer  # aiohttp has no public way to send several frames at once (3.14)
    if writer is None:  # the socket is closed
        yield
        return
    transport = writer.transport
    gathering = writer.transport = Gathering(transport)
    try:
        yield
    finally:
        writer.transport = transport
        gathering.let_go()
