"""Where weights lie: what to load, to evict and to stream so that a device never holds more than its budget. Pure.

    moves = plan_residency(budget=8 * GIB, resident=ledger.blocks, need=unet, workspace=GIB, next_use=horizon.after(3))
    # (Evict(block), Load(block), Stream((block, block), buffers=2))

A network is a tuple of blocks. What must go is what is used farthest in the future (Belady, "A study of replacement
algorithms for a virtual-storage computer", 1966), by blocks and never more than needed. If a network does not fit even
alone, as much of it as possible stays, and the rest is streamed: it comes block by block, each time that it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graph.errors import BudgetError

DOUBLE_BUFFER, SINGLE_BUFFER = 2, 1  # streamed blocks that are on the device at once
NEVER = float("inf")

NextUse = Callable[[str], float]
"""How many uses from now a block is used again, by its name; NEVER if no plan needs it."""


class Block(NamedTuple):
    """A part of a network that is moved as one; blocks of one name are the same block."""

    name: str
    nbytes: int
    is_fixed: bool = False  # lies on the device whenever its network is used; never streamed
    beside: str = ""  # the name of the block together with which this one is used, when both are streamed

    @property
    def turn(self) -> str:
        """What blocks that are streamed together have in common."""
        return self.beside or self.name


@dataclass(frozen=True)
class Load:
    """Bring a block to the device and keep it there."""

    block: Block


@dataclass(frozen=True)
class Evict:
    """Take a block off the device."""

    block: Block


@dataclass(frozen=True)
class Stream:
    """Bring each of these blocks when it is its turn, at most those of `buffers` turns at once."""

    blocks: tuple[Block, ...]
    buffers: int

    @property
    def buffer_bytes(self) -> int:
        """The most that lies on the device at once."""
        return _buffer_bytes(self.blocks, self.buffers)


Move = Load | Evict | Stream


def plan_residency(
    budget: int,
    resident: Iterable[Block],
    need: Sequence[Block],
    workspace: int = 0,
    next_use: NextUse = lambda name: NEVER,
    pinned: Collection[str] = (),
) -> tuple[Move, ...]:
    """Return the moves, in order, after which the blocks of `need` can be used within `budget` bytes.

    workspace: bytes to be left free for the work itself. pinned: names of blocks that must stay as they are. Blocks of
    `need` that are to be streamed are in a last Stream. BudgetError if there is no way.
    """
    here = {block.name: block for block in resident}
    needed = {block.name: block for block in need}
    others = [block for name, block in here.items() if name not in needed]
    held = sum(block.nbytes for block in others if block.name in pinned)
    free = [block for block in others if block.name not in pinned]
    room = budget - workspace - held
    if total_bytes(needed.values()) <= room:
        missing = [block for block in needed.values() if block.name not in here]
        victims = _victims(free, total_bytes(needed.values()) + total_bytes(free) - room, next_use)
        return (*map(Evict, victims), *map(Load, missing))
    must_stay = {name for name, block in needed.items() if block.is_fixed or (name in pinned and name in here)}
    kept, buffers = _kept_share(tuple(needed.values()), set(here) & set(needed), must_stay, room)
    if kept is None:
        raise _no_room(needed.values(), must_stay, budget, workspace, held)
    dropped = [block for name, block in needed.items() if name in here and name not in kept]
    missing = [block for name, block in needed.items() if name not in here and name in kept]
    streamed = tuple(block for name, block in needed.items() if name not in kept)
    return (*map(Evict, (*free, *dropped)), *map(Load, missing), Stream(streamed, buffers))


def plan_admission(
    budget: int, resident: Iterable[Block], block: Block, next_use: NextUse = lambda name: NEVER
) -> tuple[Move, ...] | None:
    """Return the moves after which a block lies in a memory that only holds what may be used again.

    None if there is no place for it: what lies there is used sooner, or the block is too large.
    """
    moves = plan_residency(budget, (*resident, block), (), next_use=next_use)
    return None if Evict(block) in moves else (*moves, Load(block))


def total_bytes(blocks: Iterable[Block]) -> int:
    """Return the bytes of blocks together."""
    return sum([block.nbytes for block in blocks])


def _victims(free: Sequence[Block], shortage: int, next_use: NextUse) -> list[Block]:
    """Choose what goes: the farthest next use first, large ones first among equals, and nothing in vain."""
    if shortage <= 0:
        return []
    ranked = sorted(free, key=lambda block: (-next_use(block.name), -block.nbytes, block.name))
    chosen: list[Block] = []
    for block in ranked:
        if shortage <= 0:
            break
        chosen.append(block)
        shortage -= block.nbytes
    for block in reversed(chosen[:-1]):  # the last, perhaps large, may have made an earlier one needless
        if shortage + block.nbytes <= 0:
            chosen.remove(block)
            shortage += block.nbytes
    return chosen


class _Share(NamedTuple):
    """Names of the blocks that stay (None if there is no way), and how many of the others are there at once."""

    kept: frozenset[str] | None
    buffers: int


def _kept_share(need: tuple[Block, ...], here: set[str], must_stay: set[str], room: int) -> _Share:
    """Choose the blocks of a network that stay, so that as few bytes as possible are streamed in each pass."""
    for buffers in (DOUBLE_BUFFER, SINGLE_BUFFER):
        starts = [here | must_stay]  # first, so that a share that is as good as any other is left as it is
        sizes = sorted({block.nbytes for block in need}, reverse=True)
        starts += [must_stay | {block.name for block in need if block.nbytes > size} for size in sizes]
        shares = [_filled(need, start, room, buffers) for start in starts]
        found = [share for share in shares if share is not None]
        if found:
            best = max(found, key=lambda share: sum(block.nbytes for block in need if block.name in share))
            return _Share(frozenset(best), buffers)
    return _Share(None, SINGLE_BUFFER)


def _filled(need: tuple[Block, ...], start: set[str], room: int, buffers: int) -> set[str] | None:
    """Let more blocks stay, large ones first, until no other fits; None if the first ones do not."""
    kept = set(start)

    def fits(names: set[str]) -> bool:
        stay = sum(block.nbytes for block in need if block.name in names)
        return stay + _buffer_bytes([block for block in need if block.name not in names], buffers) <= room

    if not fits(kept):
        return None
    for block in sorted(need, key=lambda block: -block.nbytes):
        if block.name not in kept and fits({*kept, block.name}):
            kept.add(block.name)
    return kept


def _buffer_bytes(blocks: Iterable[Block], buffers: int) -> int:
    turns: dict[str, int] = {}
    for block in blocks:
        turns[block.turn] = turns.get(block.turn, 0) + block.nbytes
    return sum(sorted(turns.values(), reverse=True)[:buffers])


def _no_room(need: Iterable[Block], must_stay: set[str], budget: int, workspace: int, held: int) -> BudgetError:
    blocks = list(need)
    streamed = [block for block in blocks if block.name not in must_stay]
    least = total_bytes(block for block in blocks if block.name in must_stay) + _buffer_bytes(streamed, SINGLE_BUFFER)
    wanted = least + workspace + held
    return BudgetError(
        f"The network needs {show_bytes(wanted)} even if it is streamed block by block: {show_bytes(least)} of its "
        f"{show_bytes(total_bytes(blocks))}, {show_bytes(workspace)} to work in and {show_bytes(held)} for what else is "
        f"in use; the budget is {show_bytes(budget)}.",
        wanted_bytes=wanted,
        budget_bytes=budget,
    )


def show_bytes(nbytes: int) -> str:
    """Return a size for people: 1.5 GB is 1,500,000,000 bytes."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if abs(nbytes) >= size:
            return f"{nbytes / size:.3g} {unit}"
    return f"{nbytes} bytes"
