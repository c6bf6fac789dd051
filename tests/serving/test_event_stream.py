"""Server-sent events over a real connection: resuming, gaps, filters, and readers that stall."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from serving.event_log import EventLog
from serving.hub import Hub
from serving.routes.event_stream import EventsQuery, Pace, follow

from .sockets import Line, open_line, run


class Told(NamedTuple):
    """One event as a browser takes it: without data it only sets the id."""

    number: int | None
    event: str
    data: str


class Reader:
    """A reader of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> Told:
        """Return the next block."""
        fields: dict[str, str] = {}
        while line := (await self.response.content.readline()).decode().rstrip("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        return Told(int(fields["id"]) if "id" in fields else None, fields.get("event", ""), fields.get("data", ""))

    async def numbers(self, count: int) -> list[int]:
        """Return the values of so many messages; blocks without data are passed over."""
        found: list[int] = []
        while len(found) < count:
            if data := (await self.next()).data:
                found.append(msgspec.json.decode(data)["data"]["value"])
        return found


@asynccontextmanager
async def open_stream(line: Line, query: str = "", seen: int | str | None = None) -> AsyncIterator[Reader]:
    """Open the stream; the first block tells where it begins."""
    headers = {} if seen is None else {"Last-Event-ID": str(seen)}
    async with line.session.get(line.url(f"/api/v1/events{query}"), headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        yield Reader(response)


def speak(hub: Hub, *values: int, client_id: str | None = None, job: str = "5f0c") -> None:
    """Send messages that are told apart by a value."""
    for value in values:
        hub.send("progress", {"value": value, "prompt_id": job}, client_id)


def make_hub(first: int = 1, max_events: int = 100) -> Hub:
    """Return a hub whose log has known numbers."""
    return Hub(log=EventLog(first, max_events))


def test_a_reader_hears_what_comes_after_it_came() -> None:
    async def check() -> None:
        hub = make_hub()
        speak(hub, 1, 2)
        async with open_line(hub) as line, open_stream(line) as reader:
            assert await reader.next() == Told(2, "", "")
            speak(hub, 3)
            told = await reader.next()
            assert told.number == 3
            message = {"type": "progress", "data": {"value": 3, "prompt_id": "5f0c"}}
            assert msgspec.json.decode(told.data) == message

    run(check())


@pytest.mark.parametrize(("query", "seen"), [("?after=2", None), ("", 2), ("?after=1", 2)])
def test_a_reader_that_comes_back_goes_on_where_it_was(query: str, seen: int | None) -> None:
    async def check() -> None:
        hub = make_hub()
        speak(hub, 1, 2, 3, 4)
        async with open_line(hub) as line, open_stream(line, query, seen) as reader:
            assert await reader.numbers(2) == [3, 4]
            speak(hub, 5)
            assert await reader.numbers(1) == [5]

    run(check())


@pytest.mark.parametrize("seen", [5, 500])
def test_what_is_gone_is_told_with_the_oldest_that_is_there(seen: int) -> None:
    async def check() -> None:
        hub = make_hub(first=10, max_events=3)
        speak(hub, 10, 11, 12, 13, 14)
        async with open_line(hub) as line, open_stream(line, seen=seen) as reader:
            gap = await reader.next()
            assert gap.event == "gap"
            assert msgspec.json.decode(gap.data) == {"after": seen, "oldest": 12}
            assert await reader.numbers(3) == [12, 13, 14]

    run(check())


def test_a_reader_may_follow_one_job_or_one_client() -> None:
    async def check() -> None:
        hub = make_hub()
        async with (
            open_line(hub) as line,
            open_stream(line, "?job=a") as job,
            open_stream(line, "?client=me") as client,
        ):
            await job.next()
            await client.next()
            speak(hub, 1, job="a", client_id="you")
            speak(hub, 2, job="b", client_id="me")
            speak(hub, 3, job="a", client_id=None)
            assert await job.numbers(2) == [1, 3]
            assert await client.numbers(2) == [2, 3]

    run(check())


@pytest.mark.parametrize("number", ["seven", "-1", "1" * 30])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    async def check() -> None:
        async with open_line(make_hub()) as line:
            for query, headers in (("", {"Last-Event-ID": number}), (f"?after={number}", {})):
                async with line.session.get(line.url(f"/api/v1/events{query}"), headers=headers) as response:
                    assert response.status == 400
                    assert (await response.json())["error"].startswith(("Last-Event-ID:", "In the query:"))

    run(check())


def test_a_look_at_the_head_of_the_stream_ends_at_once() -> None:
    async def check() -> None:
        async with open_line(make_hub()) as line, line.session.head(line.url("/api/v1/events")) as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            assert await response.read() == b""

    run(check())


@asynccontextmanager
async def hasty_stream(log: EventLog, pace: Pace) -> AsyncIterator[tuple[aiohttp.ClientResponse, asyncio.Event]]:
    """Open a stream of job a with another pace; the event comes when the server has ended it."""
    ended = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await follow(request, response, log, 0, EventsQuery(job="a"), pace)
        ended.set()
        return response

    app = web.Application()
    app.router.add_get("/", answer)
    server = TestServer(app)
    await server.start_server()
    async with aiohttp.ClientSession() as session, session.get(server.make_url("/")) as response:
        yield response, ended
        log.close()
    await server.close()


def test_a_silent_stream_says_that_it_lives_and_how_far_it_is() -> None:
    async def check() -> None:
        hub = make_hub()
        async with hasty_stream(hub.log, Pace(heartbeat_s=0.001)) as (response, _):
            reader = Reader(response)
            assert (await reader.next()).number == 0
            speak(hub, 1, 2, job="b")
            while (await reader.next()).number != 2:
                pass

    run(check())


def test_a_reader_that_takes_nothing_is_cut_off() -> None:
    async def check() -> None:
        hub = Hub()
        async with hasty_stream(hub.log, Pace(stall_s=0.01)) as (response, ended):
            for _ in range(40):
                hub.send("progress", {"prompt_id": "a", "padding": "x" * 400_000})
                await asyncio.sleep(0)
            await ended.wait()
            with pytest.raises(aiohttp.ClientError):
                await response.content.read()

    run(check())


def test_the_end_of_the_server_ends_the_stream() -> None:
    async def check() -> None:
        hub = make_hub()
        async with open_line(hub) as line, open_stream(line) as reader:
            await reader.next()
            await hub.close()
            assert await reader.response.content.read() == b""

    run(check())


def test_a_reader_that_the_log_overtakes_is_cut_off_and_hears_of_the_gap_when_it_comes_back() -> None:
    async def check() -> None:
        hub = make_hub(max_events=50)
        async with open_line(hub) as line:
            async with open_stream(line) as reader:
                await reader.next()
                padding = "x" * 200_000
                for value in range(200):  # 40 MB, more than sockets hold
                    hub.send("progress", {"value": value, "padding": padding})
                    await asyncio.sleep(0)
                text = await reader.response.content.read()
            got = [int(line.removeprefix(b"id: ")) for line in text.split(b"\n") if line.startswith(b"id: ")]
            assert got == list(range(1, len(got) + 1))
            assert len(got) < 150
            async with open_stream(line, seen=got[-1]) as again:
                gap = msgspec.json.decode((await again.next()).data)
                assert gap == {"after": got[-1], "oldest": 151}

    run(check())
