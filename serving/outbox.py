"""Outbox: what waits to be sent to one client, bounded in bytes and messages.

outbox = Outbox(Limits())
outbox.put(Letter(b"..."))                              # False: the client reads too slowly
outbox.put(Letter(image, is_text=False, replaces="7"))  # an older one of "7" that still waits is dropped
outbox.take()                                           # the oldest, or None
"""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

MIB = 2**20


class Limits(NamedTuple):
    """How much may wait for a client. A message is taken as long as those before it are within."""

    nbytes: int = 16 * MIB
    messages: int = 20_000  # a job of 5,000 nodes tells about three of each; the rest is room for bursts


class Letter(NamedTuple):
    """One message. `replaces`: it makes an unsent one with the same mark worthless; it may be dropped too."""

    data: bytes
    is_text: bool = True
    replaces: str | None = None


class Outbox:
    """A queue in which newer pictures take the place of older ones; order never changes otherwise."""

    def __init__(self, limits: Limits) -> None:
        self.nbytes = 0
        self._limits = limits
        self._letters: dict[int, Letter] = {}  # in order of arrival
        self._numbers = count()
        self._replaceable: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, letter: Letter) -> bool:
        """Append a letter; False if there is no room for it even without those that may be dropped."""
        if letter.replaces in self._replaceable:
            self._remove(self._replaceable[letter.replaces])
        if self._is_full:
            for number in list(self._replaceable.values()):
                self._remove(number)
        if self._is_full:
            return letter.replaces is not None  # it is dropped itself
        number = next(self._numbers)
        self._letters[number] = letter
        self.nbytes += len(letter.data)
        if letter.replaces is not None:
            self._replaceable[letter.replaces] = number
        return True

    def take(self) -> Letter | None:
        """Remove and return the oldest letter."""
        return self._remove(next(iter(self._letters))) if self._letters else None

    def clear(self) -> None:
        """Forget all letters."""
        self._letters.clear()
        self._replaceable.clear()
        self.nbytes = 0

    @property
    def _is_full(self) -> bool:
        return self.nbytes > self._limits.nbytes or len(self._letters) >= self._limits.messages

    def _remove(self, number: int) -> Letter:
        letter = self._letters.pop(number)
        self.nbytes -= len(letter.data)
        if letter.replaces is not None:
            del self._replaceable[letter.replaces]
        return letter
