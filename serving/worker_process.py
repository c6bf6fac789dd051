"""WorkerProcess: one process with a link, from its start to its end. serving.subprocess_worker starts the next one.

process = await start_process(command, on_message=print, on_line=print, on_end=print)
process.send(RunJob("5f0c", payload=prompt))
await process.stop()
"""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

from graph.protocol import Decoder, Message, ProtocolError, ToWorker, encode
from serving.text_lines import LineSplitter

logger = logging.getLogger(__name__)

STDIN, STDOUT, STDERR = 0, 1, 2
REST_S = 1.0  # how long the pipes of a process that ended are read on: a child of its own may hold them open
GRACE_S = 3.0  # for a process that was told to end, before it is killed


class WorkerProcess(asyncio.SubprocessProtocol):
    """A running process. `on_end` is called once, after its last message, with a sentence that says how it ended."""

    def __init__(
        self, on_message: Callable[[Message], None], on_line: Callable[[str], None], on_end: Callable[[str], None]
    ) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self._on_message = on_message
        self._on_line = on_line
        self._on_end = on_end
        self._decoder = Decoder()
        self._lines = LineSplitter()
        self._fault = ""  # what was wrong with what it sent
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None

    @property
    def pid(self) -> int | None:
        """Its number, once it runs."""
        return None if self._transport is None else self._transport.get_pid()

    def send(self, message: ToWorker) -> None:
        """Write a message."""
        if self._stdin is not None and not self._stdin.is_closing():
            self._stdin.write(encode(message))

    async def stop(self) -> None:
        """Ask the process to end, then make it; return when it is gone."""
        if self._stdin is not None:
            self._stdin.close()  # the end of its input is its sign to end
        if not await self._is_gone_within(GRACE_S):
            self.kill()
            await self._is_gone_within(GRACE_S)

    async def _is_gone_within(self, seconds: float) -> bool:
        await asyncio.wait([self.ended], timeout=seconds)
        return self.ended.done()

    def kill(self) -> None:
        """End the process at once."""
        if self._transport is not None and self._transport.get_returncode() is None:
            self._transport.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transports (asyncio)."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(STDIN))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Hear messages and lines (asyncio)."""
        if fd == STDERR:
            for line in self._lines.feed(data):
                self._on_line(line)
            return
        try:
            messages = self._decoder.feed(data)
        except ProtocolError as error:
            self._fault = f" What it sent was not understood: {error}"
            self.kill()
            return
        for message in messages:
            self._tell(message)

    def _tell(self, message: Message) -> None:
        try:
            self._on_message(message)
        except Exception:  # the link must go on, whatever a listener does
            logger.exception("A message of the worker could not be dealt with: %s", type(message).__name__)

    def process_exited(self) -> None:
        """Give the pipes a moment to run empty (asyncio)."""
        asyncio.get_running_loop().call_later(REST_S, self._end)

    def connection_lost(self, error: Exception | None) -> None:
        """Hear that the process ended and its pipes are empty (asyncio)."""
        self._end()

    def _end(self) -> None:
        if self.ended.done():
            return
        for line in self._lines.rest():
            self._on_line(line)
        assert self._transport is not None
        self.ended.set_result(None)
        self._transport.close()
        self._on_end(how_it_ended(self._transport.get_returncode()) + self._fault)


async def start_process(
    command: Sequence[str],
    *,
    on_message: Callable[[Message], None],
    on_line: Callable[[str], None],
    on_end: Callable[[str], None],
) -> WorkerProcess:
    """Start a process in a session of its own, so that Ctrl-C in the terminal is the server's; OSError if it cannot."""
    loop = asyncio.get_running_loop()
    _, process = await loop.subprocess_exec(
        lambda: WorkerProcess(on_message, on_line, on_end),
        *command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **_own_session(),
    )
    return process


def _own_session() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def how_it_ended(code: int | None) -> str:
    """Return a sentence for an exit code; negative ones are signals."""
    if code is None or code >= 0:
        return f"The worker ended with exit code {code}."
    try:
        name = f" ({signal.Signals(-code).name})"
    except ValueError:
        name = ""
    hint = "; perhaps the machine ran out of memory" if -code == getattr(signal, "SIGKILL", None) else ""
    return f"The worker was killed by signal {-code}{name}{hint}."
