"""EventLog: the latest messages, each with a number, so that who lost the connection can go on where it was.

log = EventLog()
log.append(Sent("executing", b'{"type":"executing",...}', client_id="me", job_id="5f0c"))
log.misses(number)  # whether some that came after this number are gone
log.after(number)   # those that are kept
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

MIB = 2**20


class Sent(NamedTuple):
    """A message as it went out. `client_id` None: to all; job_id: the job it tells of, if any."""

    event: str
    text: bytes  # JSON: type and data
    client_id: str | None = None
    job_id: str | None = None


class EventLog:
    """A ring of sent messages, bounded in count and bytes, whose numbers have no holes."""

    def __init__(self, first: int = 1, max_events: int = 10_000, max_bytes: int = 16 * MIB) -> None:
        self._first = first  # the number of the oldest that is kept
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._nbytes = 0
        self._kept: deque[Sent] = deque()
        self._listeners: dict[object, Callable[[], None]] = {}
        self._is_closed = False

    @property
    def oldest(self) -> int:
        """The number of the oldest message that is kept; without any, the number of the next."""
        return self._first

    @property
    def newest(self) -> int:
        """The number of the latest message; one less than `oldest` if none is kept."""
        return self._first + len(self._kept) - 1

    @property
    def is_closed(self) -> bool:
        """Whether nothing comes any more."""
        return self._is_closed

    @property
    def nbytes(self) -> int:
        """The bytes of the kept messages."""
        return self._nbytes

    def append(self, sent: Sent) -> int:
        """Add a message and return its number; the oldest go when there are too many."""
        self._kept.append(sent)
        self._nbytes += len(sent.text)
        number = self.newest
        while len(self._kept) > self._max_events or self._nbytes > self._max_bytes:
            self._nbytes -= len(self._kept.popleft().text)
            self._first += 1
        self._ring()
        return number

    def close(self) -> None:
        """Let those who listen know that nothing comes any more."""
        self._is_closed = True
        self._ring()

    def misses(self, number: int) -> bool:
        """Whether messages after this number are gone, or the number is none of this log."""
        return not self._first - 1 <= number <= self.newest

    def after(self, number: int, nbytes: int = MIB) -> list[tuple[int, Sent]]:
        """Return messages after a number, with theirs, from the oldest that is kept on, until they have so many bytes."""
        start = max(number + 1, self._first)
        found = []
        for each in enumerate(islice(self._kept, start - self._first, None), start):
            found.append(each)
            nbytes -= len(each[1].text)
            if nbytes <= 0:
                break
        return found

    def listen(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call a function after each message and at the end; return what stops that."""
        mark = object()
        self._listeners[mark] = call

        def stop() -> None:
            del self._listeners[mark]

        return stop

    def _ring(self) -> None:
        for call in list(self._listeners.values()):
            call()
