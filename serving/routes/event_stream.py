"""The event stream: all messages as server-sent events, which go on after a lost connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Annotated, NamedTuple

import msgspec
from aiohttp import hdrs, web

from serving.event_log import EventLog, Sent
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site

BATCH_BYTES = 2**18
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # a proxy must not wait for more


class Pace(NamedTuple):
    """When a silent stream says that it lives, and how long a reader may take no bytes."""

    heartbeat_s: float = 15.0  # proxies end connections that are silent for a minute
    stall_s: float = 30.0


PACE = Pace()


Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""The number of an event; a JavaScript number holds it."""


class EventsQuery(msgspec.Struct):
    """after: the number of the last event that was seen; job, client: tell only of one."""

    after: Number | None = None
    job: str | None = None
    client: str | None = None

    def wants(self, sent: Sent) -> bool:
        """Whether a message is asked for."""
        is_of_job = self.job is None or sent.job_id == self.job
        return is_of_job and (self.client is None or sent.client_id in (None, self.client))


@route(
    "GET",
    "/api/v1/events",
    summary="Follow what happens as server-sent events",
    tag="events",
    produces="text/event-stream",
)
async def stream_events(request: web.Request, site: Site, query: EventsQuery) -> web.StreamResponse:
    """Send what happens from now on, or from after the event with the number in Last-Event-ID or `after`.

    Each event's data is a message as the WebSocket sends it: `{"type": …, "data": …}`; its id is its number. An event
    `gap` says that some are gone: `{"after": …, "oldest": …}`. A reader who is too slow is cut off and may come back.
    """
    log = site.hub.log
    seen = _number_of(request, query)
    response = web.StreamResponse(headers=HEADERS)
    response.content_type = "text/event-stream"
    response.charset = "utf-8"
    await response.prepare(request)
    if request.method == hdrs.METH_GET:  # HEAD wants no more
        await follow(request, response, log, log.newest if seen is None else seen, query)
    return response


def _number_of(request: web.Request, query: EventsQuery) -> int | None:
    """Return the number that the reader has seen; the header comes from a reader that connects again."""
    header = request.headers.get("Last-Event-ID")
    if not header:
        return query.after
    try:
        return msgspec.convert(header, Number, strict=False)
    except msgspec.ValidationError as error:
        raise refuse(400, f"Last-Event-ID: {header[:40]!r} is not the number of an event.") from error


async def follow(
    request: web.Request,
    response: web.StreamResponse,
    log: EventLog,
    seen: int,
    query: EventsQuery,
    pace: Pace = PACE,
) -> None:
    """Write what comes after a number until reader or server goes, or the log has lost what the reader has not read."""
    try:
        async with aclosing(_blocks(log, seen, query, pace.heartbeat_s)) as blocks:
            async for data in blocks:
                async with asyncio.timeout(pace.stall_s):
                    await response.write(data)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        pass  # the reader went away


async def _blocks(log: EventLog, seen: int, query: EventsQuery, heartbeat_s: float) -> AsyncGenerator[bytes]:
    """Yield what is to be written."""
    news = asyncio.Event()
    stop = log.listen(news.set)
    try:
        if log.misses(seen):
            yield _gap(seen, log.oldest)
            seen = log.oldest - 1
        yield b"retry: 1000\n" + _mark(seen)
        while not (log.is_closed or log.misses(seen)):
            news.clear()
            if batch := log.after(seen, BATCH_BYTES):
                seen = batch[-1][0]
                if wanted := [(number, sent) for number, sent in batch if query.wants(sent)]:
                    yield _events(wanted)
            elif not await _comes(news, heartbeat_s):
                yield b": nothing new\n" + _mark(seen)
    finally:
        stop()


async def _comes(news: asyncio.Event, heartbeat_s: float) -> bool:
    try:
        async with asyncio.timeout(heartbeat_s):
            return await news.wait()
    except TimeoutError:
        return False


def _events(events: Iterable[tuple[int, Sent]]) -> bytes:
    return b"".join([b"id: %d\ndata: %b\n\n" % (number, sent.text) for number, sent in events])


def _mark(number: int) -> bytes:
    """Return a line that only tells the reader its number, so that it need not read much again after a break."""
    return b"id: %d\n\n" % number


def _gap(seen: int, oldest: int) -> bytes:
    return b"event: gap\ndata: %b\n\n" % msgspec.json.encode({"after": seen, "oldest": oldest})
