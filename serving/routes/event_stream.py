"""The event stream: all messages as server-sent events, which go on after a lost connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec
from aiohttp import web

from serving.event_log import EventLog, Sent
from serving.routing import refuse, route
from serving.site import Site

HEARTBEAT_S = 15.0  # proxies end connections that are silent for a minute
STALL_S = 30.0  # how long a reader may take no bytes
BATCH_BYTES = 2**18
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # a proxy must not wait for more


class EventsQuery(msgspec.Struct):
    """after: the number of the last event that was seen; job, client: tell only of one."""

    after: int | None = None
    job: str | None = None
    client: str | None = None

    def wants(self, sent: Sent) -> bool:
        """Whether a message is asked for."""
        is_of_job = self.job is None or sent.job_id == self.job
        return is_of_job and (self.client is None or sent.client_id in (None, self.client))


@route("GET", "/api/v1/events", summary="Follow what happens as server-sent events", tag="events")
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
    try:
        await _follow(response, log, log.newest if seen is None else seen, query)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    except ConnectionError:
        pass  # the reader went away
    return response


def _number_of(request: web.Request, query: EventsQuery) -> int | None:
    """Return the number that the reader has seen; the header comes from a reader that connects again."""
    header = request.headers.get("Last-Event-ID")
    if not header:
        return query.after
    try:
        return int(header)
    except ValueError as error:
        raise refuse(400, f"Last-Event-ID: {header[:40]!r} is not the number of an event.") from error


async def _follow(response: web.StreamResponse, log: EventLog, seen: int, query: EventsQuery) -> None:
    """Write events until the reader or the server goes, or the log has lost what the reader has not read."""
    news = asyncio.Event()
    stop = log.listen(news.set)
    try:
        if log.misses(seen):
            await _write(response, _gap(seen, log.oldest))
            seen = log.oldest - 1
        await _write(response, b"retry: 1000\n" + _mark(seen))
        while not (log.is_closed or log.misses(seen)):
            news.clear()
            if batch := log.after(seen, BATCH_BYTES):
                seen = batch[-1][0]
                await _write(response, _events((number, sent) for number, sent in batch if query.wants(sent)))
            elif not await _comes(news):
                await _write(response, b": nothing new\n" + _mark(seen))
    finally:
        stop()


async def _comes(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            return await news.wait()
    except TimeoutError:
        return False


async def _write(response: web.StreamResponse, data: bytes) -> None:
    if data:
        async with asyncio.timeout(STALL_S):
            await response.write(data)


def _events(events: Iterable[tuple[int, Sent]]) -> bytes:
    return b"".join([b"id: %d\ndata: %b\n\n" % (number, sent.text) for number, sent in events])


def _mark(number: int) -> bytes:
    """Return a line that only tells the reader its number, so that it need not read much again after a break."""
    return b"id: %d\n\n" % number


def _gap(seen: int, oldest: int) -> bytes:
    return b"event: gap\ndata: %b\n\n" % msgspec.json.encode({"after": seen, "oldest": oldest})
