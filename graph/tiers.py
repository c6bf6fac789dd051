"""Memory before disk: one cache for the engine out of two tiers.

    cache = TieredCache(MemoryCache(budget_bytes=2**31), store)
    cache.get(key)  # from memory; else from the disk, and then it is in memory too

What the disk tier holds is told without looking at it; a blob that turns out to be damaged is a miss of `get`.
"""

from __future__ import annotations

from collections.abc import Collection

from graph.cache import MemoryCache
from graph.keys import Key
from graph.results import Result
from graph.store import Store


class TieredCache:
    """Implements graph.cache.Cache."""

    def __init__(self, memory: MemoryCache, store: Store) -> None:
        self.memory = memory
        self.store = store

    def __contains__(self, key: object) -> bool:
        return key in self.memory or key in self.store

    def get(self, key: Key) -> Result | None:
        """Return the result of a key; one from the disk is put into memory."""
        found = self.memory.get(key)
        if found is not None:
            return found
        stored = self.store.get(key)
        if stored is None or (stored.result.ui and not self.memory.is_current(stored.result)):
            return None
        self.memory.put(key, stored.result, nbytes=stored.nbytes, seconds=stored.seconds)
        return stored.result

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
        """Keep a result in memory, and have it written if it is durable and was dear; return whether memory had room."""
        if is_durable:
            self.store.put(key, result, nbytes=nbytes, seconds=seconds, source=source, also=also)
        return self.memory.put(key, result, nbytes=nbytes, seconds=seconds, also=also)

    def alias(self, other: Key, key: Key) -> None:
        """Let `other` lead to the result of `key`, in both tiers."""
        self.memory.alias(other, key)
        self.store.alias(other, key)

    def pin(self, key: Key) -> None:
        """Keep a result in memory until it is unpinned."""
        self.memory.pin(key)

    def unpin(self, key: Key) -> None:
        """Take back one `pin`."""
        self.memory.unpin(key)

    def refresh(self) -> None:
        """Take notice of what other processes stored."""
        self.store.refresh()

    def clear(self) -> None:
        """Forget what is in memory; the disk keeps what it has."""
        self.memory.clear()

    def begin(self, keys: Collection[Key], kept: Collection[Key]) -> None:
        """Begin a run."""
        self.memory.begin(keys, kept)
        self.store.begin(kept)
