"""A device without a device: what a plan would move, what it would hold at its peak, and how long that takes.

explanation = explain(uses, budget_bytes=2 * 10**9, bytes_per_s=2e9)
explanation.peak_bytes, explanation.moved_bytes, explanation.seconds
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from graph.horizon import Horizon, Use
from graph.ledger import Below, Ledger, admit, carry_out
from graph.memory import NEVER, Block, Evict, Move, NextUse, Stream, plan_residency, total_bytes

DISK_BYTES_PER_S = 2e9  # a usual NVMe drive reads 2 to 3 GB a second in a row (2026-11)
RAM_BYTES_PER_S = 12e9  # from pinned memory over PCI Express 4.0 x8 or 3.0 x16


@dataclass
class FakeClock:
    """Time that passes only when something says so."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


@dataclass(frozen=True)
class Nothing:
    """Moves nothing: of a memory of which only the books are kept. Implements graph.ledger.Mover."""

    def load(self, block: Block) -> None:
        """Do nothing."""

    def evict(self, block: Block) -> None:
        """Do nothing."""


@dataclass
class FakeDevice:
    """A device that is nothing but its books; loading takes time by its bandwidth. Implements graph.ledger.Mover.

    ram: the books of the tier below, which takes what is evicted while it has room; the file has everything.
    """

    ledger: Ledger
    clock: FakeClock = field(default_factory=FakeClock)
    bytes_per_s: float = DISK_BYTES_PER_S
    ram: Ledger | None = None
    ram_bytes_per_s: float = RAM_BYTES_PER_S
    from_ram_bytes: int = field(default=0, init=False)
    _planned: NextUse = field(default=lambda name: NEVER, init=False, repr=False)
    _in_use: frozenset[str] = field(default=frozenset(), init=False, repr=False)
    _passing: set[str] = field(default_factory=set, init=False, repr=False)

    def load(self, block: Block) -> None:
        """Take the time that bringing a block takes."""
        is_near = self.ram is not None and block.name in self.ram
        self.from_ram_bytes += block.nbytes if is_near else 0
        self.clock.advance(block.nbytes / (self.ram_bytes_per_s if is_near else self.bytes_per_s))

    def evict(self, block: Block) -> None:
        """Offer a block to the tier below."""
        if self.ram is not None:
            ranks = Below(self.ledger, block.name, self._in_use, self._passing, self._planned)
            admit(block, self.ram, Nothing(), ranks)

    def use(
        self,
        moves: Iterable[Move],
        workspace_bytes: int = 0,
        passes: int = 1,
        next_use: NextUse = lambda name: NEVER,
    ) -> None:
        """Make the moves of one use and stream what is to be streamed, all of it in the books."""
        self._planned = next_use
        stream = carry_out(moves, self.ledger, self)
        if stream is None:
            with self.ledger.reserved("workspace", workspace_bytes):
                return
        self._in_use = frozenset(block.name for block in stream.blocks)
        with self.ledger.reserved("workspace", workspace_bytes):
            for _ in range(passes):
                self._stream(stream)
        self._in_use = frozenset()

    def _stream(self, stream: Stream) -> None:
        waiting: deque[tuple[Block, ...]] = deque()
        for _, turn in groupby(stream.blocks, key=lambda block: block.turn):
            if len(waiting) == stream.buffers:
                self._let_go(waiting.popleft())
            waiting.append(tuple(turn))
            for block in waiting[-1]:
                self.ledger.load(block)
                self.load(block)
                self._passing.add(block.name)
        for blocks in waiting:
            self._let_go(blocks)

    def _let_go(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            carry_out((Evict(block),), self.ledger, self)
            self._passing.discard(block.name)


@dataclass(frozen=True)
class Step:
    """What one node makes necessary."""

    node_id: str
    moves: tuple[Move, ...]
    moved_bytes: int
    peak_bytes: int
    seconds: float  # for the moves alone
    from_ram_bytes: int = 0  # of those that are moved
    ram_bytes: int = 0  # what lies in RAM after it


@dataclass(frozen=True)
class Explanation:
    """What a plan moves, and the most that lies on the device at once."""

    budget_bytes: int
    steps: tuple[Step, ...]
    ram_budget_bytes: int = 0

    @property
    def peak_bytes(self) -> int:
        """The most bytes in use at once, workspaces included."""
        return max((step.peak_bytes for step in self.steps), default=0)

    @property
    def moved_bytes(self) -> int:
        """The bytes that all loads and streams bring together."""
        return sum(step.moved_bytes for step in self.steps)

    @property
    def from_ram_bytes(self) -> int:
        """The part of it that RAM still has from before."""
        return sum(step.from_ram_bytes for step in self.steps)

    @property
    def seconds(self) -> float:
        """The time that this takes."""
        return sum(step.seconds for step in self.steps)


def explain(
    uses: Sequence[Use],
    budget_bytes: int,
    *,
    resident: Iterable[Block] = (),
    then: Sequence[Use] = (),
    bytes_per_s: float = DISK_BYTES_PER_S,
    ram_budget_bytes: int = 0,
) -> Explanation:
    """Tell what a plan would move; BudgetError if a use cannot fit.

    resident: what lies on the device at the start. then: the uses of the next plan, for which blocks are better kept.
    bytes_per_s: how fast the file is read. ram_budget_bytes: what may stay in RAM when it leaves the device.
    """
    ledger = Ledger("device", budget_bytes)
    for block in resident:
        ledger.load(block)
    ram = Ledger("RAM", ram_budget_bytes) if ram_budget_bytes else None
    device = FakeDevice(ledger, bytes_per_s=bytes_per_s, ram=ram)
    return Explanation(budget_bytes, tuple(_steps(uses, Horizon(uses).then(then), device)), ram_budget_bytes)


def _steps(uses: Sequence[Use], horizon: Horizon, device: FakeDevice) -> Iterator[Step]:
    ledger, clock = device.ledger, device.clock
    for index, use in enumerate(uses):
        moves = plan_residency(
            ledger.budget_bytes, ledger.blocks, use.blocks, use.workspace_bytes, horizon.after(index)
        )
        loaded, start, ledger.peak_bytes = ledger.loaded_bytes, clock(), ledger.used_bytes
        near = device.from_ram_bytes
        device.use(moves, use.workspace_bytes, use.passes, horizon.after(index))
        yield Step(
            use.node_id,
            moves,
            moved_bytes=ledger.loaded_bytes - loaded,
            peak_bytes=ledger.peak_bytes,
            seconds=clock() - start,
            from_ram_bytes=device.from_ram_bytes - near,
            ram_bytes=0 if device.ram is None else device.ram.used_bytes,
        )


def whole_networks(uses: Iterable[Use], budget_bytes: int) -> int:
    """Return the bytes that are loaded if whole networks go, the least recently used first: what others do."""
    here: dict[tuple[Block, ...], int] = {}
    loaded = 0
    for use in uses:
        known = here.pop(use.blocks, None)
        size = total_bytes(use.blocks)
        while here and sum(here.values()) + size + use.workspace_bytes > budget_bytes:
            del here[next(iter(here))]
        loaded += size if known is None else 0
        here[use.blocks] = size
    return loaded
