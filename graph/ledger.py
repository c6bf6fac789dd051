"""Ledger: what lies in one memory, in bytes; it refuses what would not fit, and writes down all that was done.

ledger = Ledger("cuda:0", budget_bytes=8 * 10**9)
ledger.load(block)
with ledger.reserved("workspace", 10**9):
    …
ledger.peak_bytes, ledger.log[-1]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from graph.errors import BudgetError
from graph.memory import NEVER, Block, Evict, Load, Move, NextUse, Stream, plan_admission, show_bytes

LOG_LENGTH = 100_000  # entries; some hundred runs of a streamed network


class Entry(NamedTuple):
    """One line: what was done ("load", "evict", "reserve" or "release"), to what, and the bytes in use after it."""

    action: str
    name: str
    nbytes: int
    used_bytes: int


@dataclass
class Ledger:
    """The books of one memory. It moves nothing itself."""

    name: str
    budget_bytes: int
    used_bytes: int = field(default=0, init=False)
    peak_bytes: int = field(default=0, init=False)
    loaded_bytes: int = field(default=0, init=False)  # by all loads together
    log: deque[Entry] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH), init=False, repr=False)
    _blocks: dict[str, Block] = field(default_factory=dict, init=False, repr=False)

    def __contains__(self, name: object) -> bool:
        return name in self._blocks

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What lies here, the oldest first."""
        return tuple(self._blocks.values())

    @property
    def free_bytes(self) -> int:
        """What may still be used."""
        return self.budget_bytes - self.used_bytes

    def load(self, block: Block) -> None:
        """Enter a block; BudgetError if it does not fit."""
        if block.name in self._blocks:
            raise ValueError(f"{block.name} lies in {self.name} already")
        self._take("load", block.name, block.nbytes)
        self._blocks[block.name] = block
        self.loaded_bytes += block.nbytes

    def evict(self, name: str) -> None:
        """Strike a block out; KeyError if it is not here."""
        self._give("evict", name, self._blocks.pop(name).nbytes)

    @contextmanager
    def reserved(self, name: str, nbytes: int) -> Iterator[None]:
        """Hold bytes for something that is no block; BudgetError if they are not free."""
        self._take("reserve", name, nbytes)
        try:
            yield
        finally:
            self._give("release", name, nbytes)

    def _take(self, action: str, name: str, nbytes: int) -> None:
        if nbytes > self.free_bytes:
            raise BudgetError(
                f"{name} needs {show_bytes(nbytes)} of {self.name}; "
                f"{show_bytes(self.used_bytes)} of {show_bytes(self.budget_bytes)} are in use.",
                wanted_bytes=self.used_bytes + nbytes,
                budget_bytes=self.budget_bytes,
            )
        self.used_bytes += nbytes
        self.peak_bytes = max(self.peak_bytes, self.used_bytes)
        self.log.append(Entry(action, name, nbytes, self.used_bytes))

    def _give(self, action: str, name: str, nbytes: int) -> None:
        self.used_bytes -= nbytes
        self.log.append(Entry(action, name, nbytes, self.used_bytes))


class Mover(Protocol):
    """What really moves blocks: torch on a device, or nothing at all in a simulation."""

    def load(self, block: Block) -> None:
        """Bring a block to the device."""
        ...

    def evict(self, block: Block) -> None:
        """Take a block off the device."""
        ...


def carry_out(moves: Iterable[Move], ledger: Ledger, mover: Mover) -> Stream | None:
    """Evict and load, each move entered before it is made; return what is left to be streamed."""
    for move in moves:
        match move:
            case Evict(block):
                mover.evict(block)
                ledger.evict(block.name)
            case Load(block):
                ledger.load(block)
                mover.load(block)
            case Stream():
                return move
    return None


@dataclass(frozen=True)
class Below:
    """By what a memory below another one ranks what it holds, at the moment when a block leaves that other one.

    above: the books of the faster memory. in_use: blocks of what is used now; those that are streamed come again at once.
    passing: blocks that are above only while they are used. planned: when the plan uses a block again.
    """

    above: Ledger
    leaving: str
    in_use: Collection[str]
    passing: Collection[str]
    planned: NextUse

    def __call__(self, name: str) -> float:
        """Return the distance of the next use down here; what stays above is not needed twice."""
        if name in self.above and name not in self.passing and name != self.leaving:
            return NEVER
        return 0 if name in self.in_use else self.planned(name)


def admit(block: Block, ledger: Ledger, mover: Mover, next_use: NextUse) -> bool:
    """Let a block that leaves a faster memory lie in this one, if nothing that is used sooner must go for it."""
    if block.name in ledger:
        return True
    moves = plan_admission(ledger.budget_bytes, ledger.blocks, block, next_use)
    carry_out(moves or (), ledger, mover)
    return moves is not None
