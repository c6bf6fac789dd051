"""What the memory tier keeps, and what goes first: a table of strategies behind one protocol.

    MemoryCache(strategy=STRATEGIES["lru"](Limits(results=20)))

For `balanced` and `ram`: Cao and Irani, "Cost-Aware WWW Proxy Caching Algorithms" (1997), with the frequency of Cherkasova,
"Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency" (1998): a result's rank is `clock + uses * seconds /
bytes`; the lowest goes and the clock rises to it. A new result that would be the lowest itself is not kept (bypassing: Young,
"On-Line File Caching", 2002). In bench/cache.py uses spare 0.3 % of all seconds, bypassing 2.1 % (14.7 to 12.6 % beyond an
endless cache, 2026-11; 15.6 to 13.3 % and 12.9 % with other seeds). The others are ComfyUI's switches of the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

SMALL_BYTES = 1024**2  # results below are kept without asking how much RAM is free: asking takes 50 µs (2026-11)


class Strategy(Protocol):
    """What is kept. `spares_current`: what the present run gave or used is kept beyond any limit."""

    @property
    def spares_current(self) -> bool:
        """Whether results of the present run stay, whatever the limit."""
        ...

    def lets_go_of_others(self) -> bool:
        """Return whether a result that the workflow of a run does not hold goes when the run begins; asked before each."""
        ...

    def admits(self, nbytes: int) -> bool:
        """Return whether a result can be kept at all."""
        ...

    def has_room(self, results: int, used_bytes: int, nbytes: int) -> bool:
        """Return whether a result fits beside `results` others that take `used_bytes`."""
        ...

    def rank(self, clock: float, seconds: float, nbytes: int, stamp: int) -> float:
        """Return the place in the row of those that go: the lowest goes first.

        seconds: what all uses would have cost. stamp: higher was used later.
        """
        ...


@dataclass(frozen=True)
class Balanced:
    """Bounded in bytes; first goes what is cheap to make again for its size."""

    budget_bytes: int
    spares_current: bool = False

    def lets_go_of_others(self) -> bool:
        """Return False."""
        return False

    def admits(self, nbytes: int) -> bool:
        """Return whether it is smaller than the budget."""
        return nbytes <= self.budget_bytes

    def has_room(self, results: int, used_bytes: int, nbytes: int) -> bool:
        """Return whether the budget suffices."""
        return used_bytes + nbytes <= self.budget_bytes

    def rank(self, clock: float, seconds: float, nbytes: int, stamp: int) -> float:
        """Return GreedyDual-Size's priority."""
        return clock + seconds / max(nbytes, 1)


@dataclass(frozen=True)
class FreeRam:
    """Keeps while enough of the machine's RAM is free; then as Balanced. `inactive_bytes`: the same for other workflows."""

    headroom_bytes: int
    available: Callable[[], int]
    inactive_bytes: int = 0
    spares_current: bool = False

    def lets_go_of_others(self) -> bool:
        """Return whether less than `inactive_bytes` is free."""
        return self.inactive_bytes > 0 and self.available() < self.inactive_bytes

    def admits(self, nbytes: int) -> bool:
        """Return True."""
        return True

    def has_room(self, results: int, used_bytes: int, nbytes: int) -> bool:
        """Return whether enough stays free; the result is in RAM already."""
        return nbytes < SMALL_BYTES or self.available() >= self.headroom_bytes

    def rank(self, clock: float, seconds: float, nbytes: int, stamp: int) -> float:
        """Return GreedyDual-Size's priority."""
        return clock + seconds / max(nbytes, 1)


@dataclass(frozen=True)
class Lru:
    """Keeps a number of results, those used last, and all of the present run."""

    most_results: int
    spares_current: bool = True

    def lets_go_of_others(self) -> bool:
        """Return False."""
        return False

    def admits(self, nbytes: int) -> bool:
        """Return True."""
        return True

    def has_room(self, results: int, used_bytes: int, nbytes: int) -> bool:
        """Return whether the number is not reached."""
        return results < self.most_results

    def rank(self, clock: float, seconds: float, nbytes: int, stamp: int) -> float:
        """Return when it was used."""
        return stamp


@dataclass(frozen=True)
class Classic:
    """Keeps the results of the last workflow, all of them."""

    spares_current: bool = True

    def lets_go_of_others(self) -> bool:
        """Return True."""
        return True

    def admits(self, nbytes: int) -> bool:
        """Return True."""
        return True

    def has_room(self, results: int, used_bytes: int, nbytes: int) -> bool:
        """Return True."""
        return True

    def rank(self, clock: float, seconds: float, nbytes: int, stamp: int) -> float:
        """Return when it was used."""
        return stamp


@dataclass(frozen=True)
class Nothing:
    """Keeps nothing."""

    spares_current: bool = False

    def lets_go_of_others(self) -> bool:
        """Return False."""
        return False

    def admits(self, nbytes: int) -> bool:
        """Return False."""
        return False

    def has_room(self, results: int, used_bytes: int, nbytes: int) -> bool:
        """Return False."""
        return False

    def rank(self, clock: float, seconds: float, nbytes: int, stamp: int) -> float:
        """Return 0."""
        return 0.0


class Limits(NamedTuple):
    """The numbers that strategies ask for, each for its own. `available`: bytes of RAM that are free now."""

    budget_bytes: int = 0
    results: int = 0
    headroom_bytes: int = 0
    inactive_bytes: int = 0
    available: Callable[[], int] = lambda: 0


STRATEGIES: Mapping[str, Callable[[Limits], Strategy]] = {
    "balanced": lambda limits: Balanced(limits.budget_bytes),
    "ram": lambda limits: FreeRam(limits.headroom_bytes, limits.available, limits.inactive_bytes),
    "lru": lambda limits: Lru(limits.results),
    "classic": lambda limits: Classic(),
    "none": lambda limits: Nothing(),
}
