"""Hub: the sockets of clients. Whoever has something to say says it here and never waits.

hub = Hub(features=server_features(settings), queue_remaining=lambda: desk.remaining)
hub.send("executing", {"node": "7", "prompt_id": "5f0c"}, client_id="me")
hub.send("status", queue_status(3))  # to all

Each client has its own writer and its own bounded outbox: one that does not read is closed and disturbs nobody. A
message to many is one `bytes` object, however many outboxes hold it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from serving.event_log import EventLog, Sent
from serving.gathering import gathered
from serving.outbox import Letter, Limits, Outbox

logger = logging.getLogger(__name__)
NOTHING: Mapping[str, Any] = {}
TOO_SLOW = 4008  # a close code of the private range
LIMITS = Limits()
TURN = 100  # so many messages are written before others have their turn
CLOSE_S = 5.0  # how long a client may take to hear that it is closed


def queue_status(remaining: int) -> dict[str, Any]:
    """Return the data of a `status` message: how many jobs run or wait."""
    return {"status": {"exec_info": {"queue_remaining": remaining}}}


class Client:
    """One socket and what waits for it."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, limits: Limits) -> None:
        self.socket = socket
        self._transport = transport
        self.features: Mapping[str, Any] = NOTHING
        self.outbox = Outbox(limits)
        self._has_mail = asyncio.Event()

    def put(self, letter: Letter) -> bool:
        """Have a letter sent; False if the client reads too slowly."""
        is_taken = self.outbox.put(letter)
        self._has_mail.set()
        return is_taken

    async def write(self) -> None:
        """Send what waits, until the socket is closed."""
        try:
            while await self._has_mail.wait():
                self._has_mail.clear()
                with gathered(self.socket):
                    await self._write_some()
                while len(self.outbox):
                    await asyncio.sleep(0)  # others have their turn
                    with gathered(self.socket):
                        await self._write_some()
        except ConnectionError:
            self.outbox.clear()

    async def _write_some(self) -> None:
        """Send the oldest messages, as many as one turn has."""
        for _ in range(TURN):
            letter = self.outbox.take()
            if letter is None:
                return
            await self.socket.send_frame(letter.data, WSMsgType.TEXT if letter.is_text else WSMsgType.BINARY)

    async def close(self, code: int, reason: str) -> None:
        """Close the socket; cut the connection if the client does not answer."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.socket.close(code=code, message=reason.encode(), drain=False)
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()


class Hub:
    """The clients by their ids. It knows nothing of jobs: what a new client must hear comes from its callables.

    queue_remaining: how many jobs run or wait. current: the data of `executing` for a client whose job runs now.
    log: where every message goes as well. Its numbers begin with the time in microseconds unless one is given: so they
    go on growing when the server starts again, and a JavaScript number holds them.
    """

    def __init__(
        self,
        features: Mapping[str, Any] = NOTHING,
        queue_remaining: Callable[[], int] = lambda: 0,
        current: Callable[[str], Mapping[str, Any] | None] = lambda client_id: None,
        log: EventLog | None = None,
        limits: Limits = LIMITS,
    ) -> None:
        self.features = features
        self.log = EventLog(time.time_ns() // 1000) if log is None else log
        self._queue_remaining = queue_remaining
        self._current = current
        self._limits = limits
        self._clients: dict[str, Client] = {}
        self._writers: dict[Client, asyncio.Task[None]] = {}
        self._closings: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    def audience(self, client_id: str | None) -> tuple[str, ...]:
        """Return who would get a message: one client, if it is there, or all."""
        if client_id is None:
            return tuple(self._clients)
        return (client_id,) if client_id in self._clients else ()

    def features_of(self, client_id: str) -> Mapping[str, Any]:
        """Return the feature flags that a client sent."""
        client = self._clients.get(client_id)
        return NOTHING if client is None else client.features

    def send(self, event: str, data: Any, client_id: str | None = None, *, job_id: str | None = None) -> None:
        """Send a message to one client or to all, and log it. job_id: the job it tells of, if not data's prompt_id."""
        text = self._log(event, data, client_id, job_id)
        self._deliver(Letter(text), client_id)

    def record(self, event: str, data: Any, *, job_id: str | None = None) -> None:
        """Log a message that goes to no socket."""
        self._log(event, data, None, job_id)

    def send_binary(self, data: bytes, client_id: str | None = None, *, replaces: str | None = None) -> None:
        """Send a binary message to one client or to all. One with `replaces` may be dropped for a newer one."""
        self._deliver(Letter(data, is_text=False, replaces=replaces), client_id)

    async def serve(self, request: web.Request, socket: web.WebSocketResponse, client_id: str) -> None:
        """Take a client in, whose socket the request opened, and listen to it until it goes.

        A socket that had the same id stays open and hears nothing any more, as in ComfyUI: if it were closed, two
        windows with one id would throw each other out without end.
        """
        if self.log.is_closed:
            await socket.close(code=WSCloseCode.GOING_AWAY)
            return
        client = Client(socket, request.transport, self._limits)
        self._clients[client_id] = client
        self._writers[client] = asyncio.create_task(client.write())
        try:
            self._greet(client, client_id)
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(client, message.data)
        finally:
            self._forget(client)

    async def close(self) -> None:
        """Close all sockets and the log, and wait until they are closed."""
        self.log.close()
        for client in list(self._writers):
            self._dismiss(client, WSCloseCode.GOING_AWAY, "The server stops.")
        await asyncio.gather(*self._closings)

    def _log(self, event: str, data: Any, client_id: str | None, job_id: str | None) -> bytes:
        text = msgspec.json.encode({"type": event, "data": data})
        job_id = data.get("prompt_id") if job_id is None and isinstance(data, Mapping) else job_id
        self.log.append(Sent(event, text, client_id, job_id))
        return text

    def _deliver(self, letter: Letter, client_id: str | None) -> None:
        for name in self.audience(client_id):
            self._put(self._clients[name], letter)

    def _put(self, client: Client, letter: Letter) -> None:
        if not client.put(letter):
            waiting = f"{len(client.outbox)} messages ({client.outbox.nbytes} bytes) wait"
            logger.warning("A client is closed because it does not read: %s.", waiting)
            self._dismiss(client, TOO_SLOW, f"You read too slowly: {waiting}.")

    def _greet(self, client: Client, client_id: str) -> None:
        self._tell(client, "status", {**queue_status(self._queue_remaining()), "sid": client_id})
        if current := self._current(client_id):
            self._tell(client, "executing", current)

    def _hear(self, client: Client, text: str) -> None:
        """Take a client's feature flags and answer with the server's; nothing else is expected of clients."""
        try:
            message = msgspec.json.decode(text, type=FlagsMessage)
        except (msgspec.DecodeError, RecursionError):
            return
        client.features = message.data
        self._tell(client, "feature_flags", self.features)

    def _tell(self, client: Client, event: str, data: Any) -> None:
        self._put(client, Letter(msgspec.json.encode({"type": event, "data": data})))

    def _dismiss(self, client: Client, code: int, reason: str) -> None:
        """Close a client, which may take a while if it does not listen."""
        self._forget(client)
        closing = asyncio.create_task(client.close(code, reason))
        self._closings.add(closing)
        closing.add_done_callback(self._closings.discard)

    def _forget(self, client: Client) -> None:
        self._clients = {name: each for name, each in self._clients.items() if each is not client}
        client.outbox.clear()
        if writer := self._writers.pop(client, None):
            writer.cancel()


class FlagsMessage(msgspec.Struct, tag_field="type", tag="feature_flags"):
    """What a client sends first: what it can do."""

    data: dict[str, Any]
