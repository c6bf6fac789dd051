"""The memory tier of the cache: results by key, under a budget of bytes or as another strategy says.

    cache = MemoryCache(budget_bytes=2 * 1024**3)
    cache.put(key, result, nbytes=result_bytes, seconds=1.5)
    cache.get(key)  # the result, or None

`Cache` is what the engine asks of a cache; graph.tiers puts a disk tier behind this one. A cache is for one thread.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, Protocol

from graph.keys import Key
from graph.results import Result
from graph.strategies import Balanced, Strategy


class Cache(Protocol):
    """What the engine asks of a cache."""

    def __contains__(self, key: object, /) -> bool:
        """Return whether there is a result; `get` may still find it damaged."""
        ...

    def get(self, key: Key) -> Result | None:
        """Return the result of a key; None if there is none."""
        ...

    def put(
        self,
        key: Key,
        result: Result,
        *,
        nbytes: int,
        seconds: float,
        also: Key | None = None,
        source: str = "",
        is_durable: bool = True,
    ) -> bool:
        """Keep a result under a key, and under `also`. `source`: the node type; not durable: for this process only."""
        ...

    def alias(self, other: Key, key: Key) -> None:
        """Let `other` lead to the result of `key`, if that is there."""
        ...

    def pin(self, key: Key) -> None:
        """Keep a result from eviction until as many `unpin` calls have been made."""
        ...

    def unpin(self, key: Key) -> None:
        """Take back one `pin`."""
        ...

    def clear(self) -> None:
        """Forget what is in memory."""
        ...

    def refresh(self) -> None:
        """Take notice of what others stored; called before a plan is made."""
        ...

    def begin(self, keys: Collection[Key], kept: Collection[Key]) -> None:
        """A run begins whose nodes have `keys`; the results of `kept` stay until another run begins."""
        ...


@dataclass(frozen=True)
class Statistics:
    """What a cache holds and what it was good for."""

    entries: int
    used_bytes: int
    budget_bytes: int
    hits: int
    misses: int
    evictions: int
    refusals: int  # results without room beside pinned ones, in the whole cache, or worth less than what would go
    saved_s: float  # time that the hits would have cost


@dataclass(slots=True)
class _Entry:
    result: Result
    nbytes: int
    seconds: float
    keys: set[Key]
    stamp: int = 0  # the one place in the heap that counts
    uses: int = 0


class _Place(NamedTuple):
    priority: float
    stamp: int
    key: Key


@dataclass
class MemoryCache:
    """Results by key. One result may have several keys: by how it was made, and by what it was made from.

    is_current: whether what a result shows is still true (its files are there); one that is not is no result.
    """

    budget_bytes: int = 0
    strategy: Strategy | None = None
    is_current: Callable[[Result], bool] = lambda result: True
    _entries: dict[Key, _Entry] = field(default_factory=dict, init=False, repr=False)
    _heap: list[_Place] = field(default_factory=list, init=False, repr=False)
    _pins: Counter[Key] = field(default_factory=Counter, init=False, repr=False)
    _stamps: count[int] = field(default_factory=count, init=False, repr=False)
    _clock: float = field(default=0.0, init=False, repr=False)
    _used_bytes: int = field(default=0, init=False, repr=False)
    _held: int = field(default=0, init=False, repr=False)
    _counts: Counter[str] = field(default_factory=Counter, init=False, repr=False)
    _saved_s: float = field(default=0.0, init=False, repr=False)
    _strategy: Strategy = field(init=False, repr=False)
    _kept: frozenset[Key] = field(default=frozenset(), init=False, repr=False)
    _begun: int = field(default=0, init=False, repr=False)  # the first stamp of the present run

    def __post_init__(self) -> None:
        """Choose the usual strategy if none was named."""
        self._strategy = self.strategy or Balanced(self.budget_bytes)

    def __contains__(self, key: object) -> bool:
        return self._current(key) is not None

    def get(self, key: Key) -> Result | None:
        """Return the result of a key and make it young again; None if there is none."""
        entry = self._current(key)
        if entry is None:
            self._counts["misses"] += 1
            return None
        self._counts["hits"] += 1
        self._saved_s += entry.seconds
        self._refresh(key, entry)
        return entry.result

    def put(
        self,
        key: Key,
        result: Result,
        *,
        nbytes: int,
        seconds: float,
        also: Key | None = None,
        source: str = "",
        is_durable: bool = True,
    ) -> bool:
        """Keep a result under a key, and under `also`; return whether there was room. An old one of `key` goes."""
        self.drop(key)
        if not self._make_room(nbytes, self._worth(key, nbytes, seconds)):
            self._counts["refusals"] += 1
            return False
        entry = _Entry(result, nbytes, seconds, {key})
        self._entries[key] = entry
        self._used_bytes += nbytes
        self._held += 1
        self._refresh(key, entry)
        if also is not None:
            self.alias(also, key)
        return True

    def alias(self, other: Key, key: Key) -> None:
        """Let `other` lead to the result of `key`, if that is there."""
        entry = self._entries.get(key)
        if entry is not None and self._entries.get(other) is not entry:
            self.drop(other)
            entry.keys.add(other)
            self._entries[other] = entry

    def pin(self, key: Key) -> None:
        """Keep a result from eviction until as many `unpin` calls have been made."""
        self._pins[key] += 1

    def unpin(self, key: Key) -> None:
        """Take back one `pin`."""
        self._pins[key] -= 1
        if self._pins[key] <= 0:
            del self._pins[key]

    def refresh(self) -> None:
        """Do nothing: nobody else stores here."""

    def begin(self, keys: Collection[Key], kept: Collection[Key]) -> None:
        """Begin a run: results of `kept` stay; those of other workflows go, if the strategy says so."""
        self._kept = frozenset(kept)
        self._begun = next(self._stamps)
        if self._strategy.spares_current:
            for key in keys:
                if (entry := self._entries.get(key)) is not None:
                    self._refresh(key, entry)
        self._let_go_of_others(frozenset(keys))

    def drop(self, key: Key) -> None:
        """Forget the result of a key, under all its keys."""
        entry = self._entries.get(key)
        if entry is None:
            return
        for name in entry.keys:
            del self._entries[name]
        self._used_bytes -= entry.nbytes
        self._held -= 1

    def clear(self) -> None:
        """Forget everything; statistics go on."""
        self._entries.clear()
        self._heap.clear()
        self._used_bytes = self._held = 0

    def statistics(self) -> Statistics:
        """Return what the cache holds and how often it helped."""
        counts = self._counts
        return Statistics(
            entries=self._held,
            used_bytes=self._used_bytes,
            budget_bytes=self.budget_bytes,
            hits=counts["hits"],
            misses=counts["misses"],
            evictions=counts["evictions"],
            refusals=counts["refusals"],
            saved_s=self._saved_s,
        )

    def _let_go_of_others(self, names: frozenset[Key]) -> None:
        """Forget results that no node of a run has, those used longest ago first, while the strategy says so."""
        if not self._strategy.lets_go_of_others():
            return
        held = {id(entry): entry for entry in self._entries.values()}.values()
        others = [entry for entry in held if entry.keys.isdisjoint(names) and not self._is_pinned(entry)]
        for entry in sorted(others, key=lambda entry: entry.stamp):
            if not self._strategy.lets_go_of_others():
                return
            self.drop(next(iter(entry.keys)))

    def _current(self, key: object) -> _Entry | None:
        entry = self._entries.get(key)  # type: ignore[call-overload]  # any object may be asked for
        if entry is None or not entry.result.ui or self.is_current(entry.result):
            return entry  # type: ignore[no-any-return]
        self.drop(next(iter(entry.keys)))
        return None

    def _refresh(self, key: Key, entry: _Entry) -> None:
        entry.stamp, entry.uses = next(self._stamps), entry.uses + 1
        rank = self._strategy.rank(self._clock, entry.uses * entry.seconds, entry.nbytes, entry.stamp)
        heapq.heappush(self._heap, _Place(rank, entry.stamp, key))
        if len(self._heap) > 2 * self._held + 64:
            self._heap = [place for place in self._heap if self._entry_at(place) is not None]
            heapq.heapify(self._heap)

    def _entry_at(self, place: _Place) -> _Entry | None:
        """Return the entry whose place in the heap this is; None for a place that was left."""
        entry = self._entries.get(place.key)
        return entry if entry is not None and entry.stamp == place.stamp else None

    def _worth(self, key: Key, nbytes: int, seconds: float) -> float:
        """Return the rank that a new result would have; what the user pinned is worth everything."""
        if key in self._kept:
            return math.inf
        return self._strategy.rank(self._clock, seconds, nbytes, next(self._stamps))

    def _make_room(self, nbytes: int, worth: float) -> bool:
        """Let results go until there is room; not for one that is worth less than what would have to go."""
        if not self._strategy.admits(nbytes):
            return False
        passed_over, is_worth_it = list[_Place](), True
        while is_worth_it and not self._has_room(nbytes) and self._heap:
            place = heapq.heappop(self._heap)
            entry = self._entry_at(place)
            if entry is None:
                continue
            is_spared = self._strategy.spares_current and entry.stamp >= self._begun
            is_worth_it = place.priority <= worth
            if is_spared or not is_worth_it or self._is_pinned(entry):
                passed_over.append(place)
                if is_spared:
                    break  # by rank all others are of this run too
                continue
            self._clock = place.priority
            self._counts["evictions"] += 1
            self.drop(place.key)
        for place in passed_over:
            heapq.heappush(self._heap, place)
        if not is_worth_it:
            self._clock = max(self._clock, worth)  # as if it had been kept and had gone at once
            return False
        return self._strategy.spares_current or self._has_room(nbytes)

    def _has_room(self, nbytes: int) -> bool:
        return self._strategy.has_room(self._held, self._used_bytes, nbytes)

    def _is_pinned(self, entry: _Entry) -> bool:
        return any(key in self._pins or key in self._kept for key in entry.keys)
