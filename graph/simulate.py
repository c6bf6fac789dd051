"""A device without a device: what a plan would move, what it would hold at its peak, and how long that takes.

explanation = explain(uses, budget_bytes=2 * 10**9, bytes_per_s=2e9)
explanation.peak_bytes, explanation.moved_bytes, explanation.seconds
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graph.horizon import Horizon, Use
from graph.ledger import Ledger, carry_out
from graph.memory import Block, Move, Stream, plan_residency, total_bytes

DISK_BYTES_PER_S = 2e9  # a usual NVMe drive reads 2 to 3 GB a second in a row (2026-11)


@dataclass
class FakeClock:
    """Time that passes only when something says so."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


@dataclass
class FakeDevice:
    """A device that is nothing but its books; loading takes time by its bandwidth. Implements graph.ledger.Mover."""

    ledger: Ledger
    clock: FakeClock = field(default_factory=FakeClock)
    bytes_per_s: float = DISK_BYTES_PER_S

    def load(self, block: Block) -> None:
        """Take the time that bringing a block takes."""
        self.clock.advance(block.nbytes / self.bytes_per_s)

    def evict(self, block: Block) -> None:
        """Do nothing: the file still has the block."""

    def use(self, moves: Iterable[Move], workspace_bytes: int = 0, passes: int = 1) -> None:
        """Make the moves of one use and stream what is to be streamed, all of it in the books."""
        stream = carry_out(moves, self.ledger, self)
        with self.ledger.reserved("workspace", workspace_bytes):
            for _ in range(passes if stream else 0):
                self._stream(stream)

    def _stream(self, stream: Stream | None) -> None:
        waiting: deque[Block] = deque()
        for block in stream.blocks if stream else ():
            if stream and len(waiting) == stream.buffers:
                self.ledger.evict(waiting.popleft().name)
            self.ledger.load(block)
            self.load(block)
            waiting.append(block)
        for block in waiting:
            self.ledger.evict(block.name)


@dataclass(frozen=True)
class Step:
    """What one node makes necessary."""

    node_id: str
    moves: tuple[Move, ...]
    moved_bytes: int
    peak_bytes: int
    seconds: float  # for the moves alone


@dataclass(frozen=True)
class Explanation:
    """What a plan moves, and the most that lies on the device at once."""

    budget_bytes: int
    steps: tuple[Step, ...]

    @property
    def peak_bytes(self) -> int:
        """The most bytes in use at once, workspaces included."""
        return max((step.peak_bytes for step in self.steps), default=0)

    @property
    def moved_bytes(self) -> int:
        """The bytes that all loads and streams bring together."""
        return sum(step.moved_bytes for step in self.steps)

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
) -> Explanation:
    """Tell what a plan would move; BudgetError if a use cannot fit.

    resident: what lies on the device at the start. then: the uses of the next plan, for which blocks are better kept.
    """
    ledger = Ledger("device", budget_bytes)
    for block in resident:
        ledger.load(block)
    device = FakeDevice(ledger, bytes_per_s=bytes_per_s)
    return Explanation(budget_bytes, tuple(_steps(uses, Horizon(uses).then(then), device)))


def _steps(uses: Sequence[Use], horizon: Horizon, device: FakeDevice) -> Iterator[Step]:
    ledger, clock = device.ledger, device.clock
    for index, use in enumerate(uses):
        moves = plan_residency(
            ledger.budget_bytes, ledger.blocks, use.blocks, use.workspace_bytes, horizon.after(index)
        )
        loaded, start, ledger.peak_bytes = ledger.loaded_bytes, clock(), ledger.used_bytes
        device.use(moves, use.workspace_bytes, use.passes)
        yield Step(use.node_id, moves, ledger.loaded_bytes - loaded, ledger.peak_bytes, clock() - start)


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
