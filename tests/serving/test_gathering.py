"""Frames that go out together: whole, in order, in one piece."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from serving.gathering import Gathering, gathered


class Pipe:
    """A transport that remembers each write."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)

    def is_closing(self) -> bool:
        return bool(self.pieces)


class Counting:
    """A transport that counts what goes through it."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.writes = inner, 0

    def write(self, data: bytes) -> None:
        self.writes += 1
        self.inner.write(data)

    def is_closing(self) -> bool:
        return bool(self.inner.is_closing())


def test_what_is_kept_goes_out_in_one_piece_once() -> None:
    pipe = Pipe()
    gathering = Gathering(pipe)
    gathering.let_go()
    assert pipe.pieces == []
    gathering.write(b"a")
    gathering.write(b"b")
    assert (pipe.pieces, gathering.is_closing()) == ([], False)
    gathering.let_go()
    gathering.let_go()
    assert (pipe.pieces, gathering.is_closing()) == ([b"ab"], True)


def test_frames_of_a_socket_arrive_after_the_block_in_order() -> None:
    received: list[str] = []
    writes: list[int] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        writer: Any = socket._writer
        writer.transport = counted = Counting(writer.transport)
        with gathered(socket):
            for number in range(3):
                await socket.send_frame(str(number).encode(), WSMsgType.TEXT)
            await asyncio.sleep(0)
        writes.append(counted.writes)
        await socket.send_frame(b"last", WSMsgType.TEXT)
        await socket.close()
        with gathered(socket):  # a closed socket has nothing to gather
            pass
        return socket

    async def talk() -> None:
        app = web.Application()
        app.router.add_get("/", serve)
        async with (
            TestServer(app) as server,
            ClientSession() as session,
            session.ws_connect(server.make_url("/")) as ws,
        ):
            received.extend([message.data async for message in ws])

    asyncio.run(talk())
    assert received == ["0", "1", "2", "last"]
    assert writes == [1]
