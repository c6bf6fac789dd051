"""WorkerLog: what the worker wrote lately, for /internal/logs and for reports of its death.

log = WorkerLog()
log.append("Loading sd15.safetensors")
log.entries()  # [{"t": "2026-11-25T21:00:00.000+00:00", "m": "Loading sd15.safetensors"}]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

MOST_LINES = 1000
MOST_CHARACTERS = 500_000
LONGEST_LINE = 5_000


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
