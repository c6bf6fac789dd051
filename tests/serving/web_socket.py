"""A client's socket for tests that read from top to bottom."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import aiohttp

from tests.serving.live_server import START_S


class WebSocket:
    """What a client has heard, in order."""

    def __init__(self) -> None:
        self.texts: Queue[dict[str, Any]] = Queue()
        self.binaries: Queue[bytes] = Queue()

    def wait_for(self, kind: str) -> Any:
        """Return the data of the next message of a kind; others are passed over."""
        while True:
            message = self.texts.get(timeout=START_S)
            if message["type"] == kind:
                return message["data"]

    def wait_for_binary(self) -> bytes:
        """Return the next binary message."""
        return self.binaries.get(timeout=START_S)


@contextmanager
def open_socket(port: int, client_id: str) -> Iterator[WebSocket]:
    """Be connected until the block ends."""
    heard, greeted = WebSocket(), threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def listen() -> None:
        url = f"http://127.0.0.1:{port}/ws?clientId={client_id}"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
            ending = asyncio.create_task(stop.wait())
            ending.add_done_callback(lambda _: asyncio.ensure_future(socket.close()))
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    heard.texts.put(json.loads(message.data))
                    greeted.set()
                else:
                    heard.binaries.put(message.data)
            await ending

    thread = threading.Thread(target=lambda: loop.run_until_complete(listen()))
    thread.start()
    try:
        assert greeted.wait(START_S)
        yield heard
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
