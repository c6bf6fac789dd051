"""The hub over real sockets: who gets what, and what becomes of those who do not read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import WSMsgType

from serving.features import server_features
from serving.hub import TOO_SLOW, Hub, queue_status
from serving.outbox import Limits
from serving.settings import ServeSettings

from .sockets import Line, open_line, run

FEATURES = server_features(ServeSettings(("weft",), max_upload_bytes=1000, features={"assets": True, "mine": 1}))


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for the server's loop, which is the test's own, to get somewhere."""
    while not is_so():
        await asyncio.sleep(0)


def test_a_new_client_is_told_the_queue_its_id_and_the_node_that_runs_for_it() -> None:
    async def check() -> None:
        hub = Hub(queue_remaining=lambda: 3, current=lambda name: {"node": "7"} if name == "me" else None)
        async with open_line(hub) as line:
            async with line.session.ws_connect(line.url("/api/ws?clientId=me")) as mine:
                assert await mine.receive_json() == {"type": "status", "data": {**queue_status(3), "sid": "me"}}
                assert await mine.receive_json() == {"type": "executing", "data": {"node": "7"}}
            async with line.session.ws_connect(line.url("/ws")) as other:
                sid = (await other.receive_json())["data"]["sid"]
                assert len(sid) == 32
                hub.send("executing", {"node": None}, sid)
                assert (await other.receive_json())["data"] == {"node": None}

    run(check())


def test_a_message_goes_to_one_client_or_to_all() -> None:
    async def check() -> None:
        hub = Hub()
        async with open_line(hub) as line, line.socket("a") as a, line.socket("b") as b:
            assert hub.connected == 2
            hub.send("progress", {"value": 1}, "a")
            hub.send("status", queue_status(0))
            hub.send_binary(b"\x00picture", "b")
            hub.send("progress", {"value": 2}, "nobody")
            hub.send("end", {})
            assert [(await a.receive_json())["type"] for _ in range(3)] == ["progress", "status", "end"]
            assert (await b.receive_json())["data"] == queue_status(0)
            assert await b.receive_bytes() == b"\x00picture"
            assert (await b.receive_json())["type"] == "end"

    run(check())


def test_clients_and_server_tell_each_other_what_they_can() -> None:
    async def check() -> None:
        hub = Hub(FEATURES)
        async with open_line(hub) as line, line.socket("a") as a:
            await a.send_str("no JSON")
            await a.send_str("[" * 100_000)
            await a.send_json({"type": "feature_flags", "data": "no object"})
            await a.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
            assert await a.receive_json() == {"type": "feature_flags", "data": FEATURES}
            assert hub.features_of("a") == {"supports_preview_metadata": True}
            assert hub.features_of("nobody") == {}

    run(check())


def test_the_servers_own_features_cannot_be_overwritten() -> None:
    assert FEATURES["assets"] is False
    assert (FEATURES["mine"], FEATURES["max_upload_size"]) == (1, 1000)


def test_a_new_socket_takes_over_the_id_of_an_old_one() -> None:
    async def check() -> None:
        hub = Hub()
        async with open_line(hub) as line, line.socket("me") as old:
            async with line.socket("me") as new:
                assert hub.connected == 1
                hub.send("executing", {}, "me")
                assert (await new.receive_json())["type"] == "executing"
                await old.close()
                hub.send("executed", {}, "me")  # the end of the old one changes nothing for the new one
                assert (await new.receive_json())["type"] == "executed"
            await until(lambda: hub.connected == 0)

    run(check())


def test_a_client_that_goes_is_forgotten() -> None:
    async def check() -> None:
        hub = Hub()
        async with open_line(hub) as line:
            async with line.socket("me"):
                assert hub.audience("me") == ("me",)
            await until(lambda: hub.connected == 0)
            assert hub.audience(None) == ()
            hub.send("status", queue_status(1))

    run(check())


async def _read_all(socket: aiohttp.ClientWebSocketResponse) -> list[int]:
    numbers = []
    async for message in socket:
        data = msgspec.json.decode(message.data)["data"]
        if data == "end":
            break
        numbers.append(data["number"])
    return numbers


async def _deaf_client(line: Line) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a socket and read nothing of what comes."""
    reader, writer = await asyncio.open_connection(line.server.host, line.server.port, limit=1024)
    lines = ["GET /ws?clientId=deaf HTTP/1.1", f"Host: {line.server.host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
    writer.write("\r\n".join(lines).encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def test_a_client_that_does_not_read_is_dropped_and_fifty_others_get_every_message() -> None:
    async def check() -> None:
        hub = Hub(limits=Limits(nbytes=2_000_000))
        async with open_line(hub) as line, AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(line.socket(f"reader {each}")) for each in range(50)]
            _, writer = await _deaf_client(line)
            await until(lambda: hub.connected == 51)
            readers = [asyncio.create_task(_read_all(each)) for each in sockets]
            padding = "x" * 20_000
            for number in range(600):  # 12 MB: more than sockets and the limit hold
                hub.send("progress", {"number": number, "padding": padding})
                await asyncio.sleep(0)
            hub.send("end", "end")
            assert await asyncio.gather(*readers) == [list(range(600))] * 50
            assert hub.audience("deaf") == ()
            assert hub.connected == 50
            writer.transport.abort()

    run(check())


def test_who_is_dropped_hears_why() -> None:
    async def check() -> None:
        hub = Hub(limits=Limits(messages=10))
        async with open_line(hub) as line, line.socket("me") as me:
            for number in range(11):  # in one go: the writer has no turn
                hub.send("progress", {"number": number}, "me")
            message = await me.receive()
            assert (message.type, message.data) == (WSMsgType.CLOSE, TOO_SLOW)
            assert message.extra == "You read too slowly: 10 messages (390 bytes) wait."

    run(check())


def test_closing_the_hub_closes_all_sockets() -> None:
    async def check() -> None:
        hub = Hub()
        async with open_line(hub) as line, line.socket("a") as a, line.socket("b") as b:
            await hub.close()
            assert [(await each.receive()).data for each in (a, b)] == [1001, 1001]
            assert hub.connected == 0
            async with line.session.ws_connect(line.url("/ws")) as late:
                assert (await late.receive()).data == 1001

    run(check())


@pytest.mark.parametrize("path", ["/ws", "/api/ws"])
def test_a_plain_request_is_told_that_this_is_a_websocket(path: str) -> None:
    async def check() -> None:
        async with open_line(Hub()) as line, line.session.get(line.url(path)) as response:
            assert response.status == 400
            assert "WebSocket" in (await response.json())["error"]

    run(check())


def test_two_hundred_clients_get_every_message() -> None:
    async def check() -> None:
        hub = Hub()
        async with open_line(hub) as line, AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(line.socket(f"reader {each}")) for each in range(200)]
            readers = [asyncio.create_task(_read_all(each)) for each in sockets]
            for number in range(100):
                hub.send("status", {"number": number})
                await asyncio.sleep(0)
            hub.send("end", "end")
            assert await asyncio.gather(*readers) == [list(range(100))] * 200

    run(check())


def test_every_message_but_pictures_is_logged() -> None:
    hub = Hub()
    hub.send("executing", {"node": "7", "prompt_id": "5f0c"}, "me")
    hub.record("executing", {"node": "8", "prompt_id": "5f0c"})
    hub.send("custom", ["no object"])
    hub.send_binary(b"picture")
    logged: list[Any] = [(sent.event, sent.client_id, sent.job_id) for _, sent in hub.log.after(0)]
    assert logged == [("executing", "me", "5f0c"), ("executing", None, "5f0c"), ("custom", None, None)]
