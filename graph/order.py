"""Order among nodes that could run next: the one that pushes the fewest bytes out of memory that others still need.

    order = memory_order(plan_order, before, uses, budget_bytes=8 * 10**9)

Among equals the one nearest to an output, so that pictures come early and intermediate results go; then the written one.
A greedy choice, node by node: O(nodes · (log nodes + networks)).
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graph.errors import BudgetError
from graph.horizon import Use
from graph.memory import NEVER, Block, Evict, Load, plan_residency, total_bytes

Before = Mapping[str, Sequence[str]]
"""For each node, those that must have run."""


class _Rank(NamedTuple):
    """What decides, the smallest first."""

    pushed_bytes: int
    distance: int
    place: int


def memory_order(
    order: Sequence[str], before: Before, uses: Mapping[str, Use], budget_bytes: int, resident: Iterable[Block] = ()
) -> tuple[str, ...]:
    """Return the nodes of `order`, none before those that it needs; `order` itself where all networks fit at once.

    uses: of the nodes that use networks. resident: what lies on the device at the start.
    """
    everything = {block for use in uses.values() for block in use.blocks}
    if total_bytes(everything) + max((use.workspace_bytes for use in uses.values()), default=0) <= budget_bytes:
        return tuple(order)
    queue = _Queue(order, before, uses, _Memory.of(uses.values(), budget_bytes, resident))
    return tuple(queue.pop() for _ in order)


def distances(order: Sequence[str], before: Before) -> Mapping[str, int]:
    """Return how many links each node is away from the nearest node that nothing follows."""
    followed = {source for node_id in order for source in before[node_id]}
    found = {node_id: 0 for node_id in order if node_id not in followed}
    waiting = deque(found)
    while waiting:
        node_id = waiting.popleft()
        for source in before[node_id]:
            if source not in found:
                found[source] = found[node_id] + 1
                waiting.append(source)
    return found


@dataclass
class _Memory:
    """What would lie on the device, and how many uses of each block are still to come."""

    budget_bytes: int
    here: dict[str, Block]
    left: Counter[str]

    @classmethod
    def of(cls, uses: Iterable[Use], budget_bytes: int, resident: Iterable[Block]) -> _Memory:
        left = Counter(block.name for use in uses for block in use.blocks)
        return cls(budget_bytes, {block.name: block for block in resident}, left)

    def pushed_bytes(self, use: Use) -> int:
        """Return the bytes, needed by others later, that a use would push out."""
        need = {block.name for block in use.blocks}
        missing = sum(block.nbytes for block in use.blocks if block.name not in self.here)
        others = [block for name, block in self.here.items() if name not in need]
        needed = sum(block.nbytes for block in others if self.left[block.name])
        used = total_bytes(self.here.values()) + missing + use.workspace_bytes
        shortage = used - self.budget_bytes - (total_bytes(others) - needed)
        return min(max(shortage, 0), needed)

    def take(self, use: Use) -> None:
        """Let a use happen."""
        for block in use.blocks:
            self.left[block.name] -= 1
        try:
            moves = plan_residency(
                self.budget_bytes, self.here.values(), use.blocks, use.workspace_bytes, self._next_use
            )
        except BudgetError:
            return
        for move in moves:
            if isinstance(move, Evict):
                del self.here[move.block.name]
            elif isinstance(move, Load):
                self.here[move.block.name] = move.block

    def _next_use(self, name: str) -> float:
        return 1.0 if self.left[name] else NEVER


class _Queue:
    """The nodes that could run; those that use the same networks wait in one line."""

    def __init__(self, order: Sequence[str], before: Before, uses: Mapping[str, Use], memory: _Memory) -> None:
        self._memory = memory
        self._ids = tuple(order)
        self._distance = distances(order, before)
        self._places = {node_id: place for place, node_id in enumerate(order)}
        self._kinds: list[Use] = []  # one for each line but the first, which is of nodes that use nothing
        self._line_of = self._numbered(uses)
        self._lines: dict[int, list[tuple[int, int]]] = {}  # (distance, place)
        self._pushed: dict[int, int] = {}  # bytes, by line; forgotten when the memory changes
        self._waits_for = {node_id: len(set(before[node_id])) for node_id in order}
        self._followers: dict[str, list[str]] = {}
        for node_id in order:
            for source in set(before[node_id]):
                self._followers.setdefault(source, []).append(node_id)
            if not self._waits_for[node_id]:
                self._push(node_id)

    def pop(self) -> str:
        """Take the best node that could run."""
        number = min(self._lines, key=self._rank)
        line = self._lines[number]
        node_id = self._ids[heapq.heappop(line)[1]]
        if not line:
            del self._lines[number]
        if number:
            self._memory.take(self._kinds[number - 1])
            self._pushed.clear()
        for follower in self._followers.get(node_id, ()):
            self._waits_for[follower] -= 1
            if not self._waits_for[follower]:
                self._push(follower)
        return node_id

    def _numbered(self, uses: Mapping[str, Use]) -> Mapping[str, int]:
        """Return each node's line: the same for equal blocks and workspace."""
        numbers: dict[tuple[int, tuple[Block, ...]], int] = {}
        lines = {}
        for node_id, use in uses.items():
            number = numbers.setdefault((use.workspace_bytes, use.blocks), len(numbers) + 1)
            if number > len(self._kinds):
                self._kinds.append(use)
            lines[node_id] = number
        return lines

    def _rank(self, number: int) -> _Rank:
        if number and number not in self._pushed:
            self._pushed[number] = self._memory.pushed_bytes(self._kinds[number - 1])
        return _Rank(self._pushed.get(number, 0), *self._lines[number][0])

    def _push(self, node_id: str) -> None:
        line = self._lines.setdefault(self._line_of.get(node_id, 0), [])
        heapq.heappush(line, (self._distance[node_id], self._places[node_id]))
