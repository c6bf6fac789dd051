"""WorkerLog: what the worker wrote lately, and what the server's own log says, for /internal/logs and reports of deaths.

log = WorkerLog()
log.append("Loading sd15.safetensors")
log.entries()  # [{"t": "2026-11-25T21:00:00.000+00:00", "m": "Loading sd15.safetensors"}]
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

MOST_LINES = 1000
MOST_CHARACTERS = 500_000
LONGEST_LINE = 5_000
FORMAT = "%(levelname)s %(name)s: %(message)s"


LogEntry = Mapping[str, str]
"""A line as ComfyUI's API has it. `t`: when it was written, ISO 8601; `m`: the text."""
LogListener = Callable[[LogEntry], None]


class WorkerLog:
    """The last lines, bounded in number and size."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._lines: deque[LogEntry] = deque()
        self._characters = 0
        self._listeners: list[LogListener] = []

    def append(self, text: str) -> None:
        """Add a line; listeners hear of it."""
        line = {"t": self._now().isoformat(timespec="milliseconds"), "m": text[:LONGEST_LINE]}
        self._lines.append(line)
        self._characters += len(line["m"])
        while len(self._lines) > MOST_LINES or self._characters > MOST_CHARACTERS:
            self._characters -= len(self._lines.popleft()["m"])
        for listener in tuple(self._listeners):
            listener(line)

    def entries(self) -> list[LogEntry]:
        """Return the lines, the oldest first."""
        return list(self._lines)

    def listen(self, listener: LogListener) -> Callable[[], None]:
        """Call a function with each new line; return what ends that."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end


@contextmanager
def also_in(log: WorkerLog) -> Iterator[None]:
    """Let a log have the lines of Python's logging too, of all threads, while the running loop lasts."""
    handler = _Handler(log, asyncio.get_running_loop())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, log: WorkerLog, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter(FORMAT))
        self._log, self._loop = log, loop

    def emit(self, record: logging.LogRecord) -> None:
        """Add the record's lines; none after the loop has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._add, self.format(record))

    def _add(self, text: str) -> None:
        for line in text.splitlines():
            self._log.append(line)
