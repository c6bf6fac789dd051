"""Bodies that come too slowly are given up, so that nobody holds connections open by dripping.

Headers need no help here: aiohttp closes a connection on which no request is complete within its keep-alive time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler, Middleware


class Pace(NamedTuple):
    """The least that must arrive: so many bytes in each stretch of time."""

    nbytes: int = 1024
    every_s: float = 30.0


USUAL_PACE = Pace()


def slow_body_middleware(pace: Pace) -> Middleware:
    """Return a middleware whose handlers get a TimeoutError from a body that falls behind."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.content.is_eof():
            return await handler(request)  # all of it came with the headers, as nearly always
        with watched(request.content, pace):
            return await handler(request)

    return watch


@contextmanager
def watched(content: StreamReader, pace: Pace) -> Iterator[None]:
    """Look at a body in each stretch of time, until the block ends."""
    loop = asyncio.get_running_loop()
    handle: asyncio.TimerHandle

    def look(seen: int) -> None:
        nonlocal handle
        if content.is_eof():
            return
        if content.total_bytes < seen + pace.nbytes:
            content.set_exception(TimeoutError("The body came too slowly."))
        else:
            handle = loop.call_later(pace.every_s, look, content.total_bytes)

    handle = loop.call_later(pace.every_s, look, content.total_bytes)
    try:
        yield
    finally:
        handle.cancel()
