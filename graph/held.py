"""Held: the results that one run holds, until the last node that may read them ran.

held = Held(cache, readers)
held.keep("1", result, key)   # pinned in the cache, too
held.settle("2")              # node 2 ran: what only it read is let go
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graph.cache import Cache
from graph.dynamic import Block
from graph.keys import Key, value_part
from graph.readers import Readers
from graph.results import Result, Values


class Held:
    """Results by node id."""

    def __init__(self, cache: Cache, readers: Readers, digest: Callable[[Any], bytes | None] | None = None) -> None:
        self._cache = cache
        self._readers = readers
        self._digest = digest
        self._results: dict[str, Result] = {}
        self._digests: dict[str, dict[int, bytes | None]] = {}
        self._pinned: dict[str, Key] = {}

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._results

    def __getitem__(self, node_id: str) -> Result:
        return self._results[node_id]

    def get(self, node_id: str) -> Result | None:
        """Return the result of a node, if it is held."""
        return self._results.get(node_id)

    def take(self, node_id: str, key: Key | None) -> bool:
        """Hold a result of the cache; False if it turned out to be damaged or gone."""
        assert key is not None, "a node without a key is never planned as cached"
        found = self._cache.get(key)
        if found is None:
            return False
        self._pin(node_id, key)
        self._results[node_id] = found
        return True

    def keep(self, node_id: str, result: Result, key: Key | None) -> None:
        """Hold a result that was made, if anything may read it."""
        if not self._readers.has(node_id):
            return
        self._results[node_id] = result
        if key is not None and node_id not in self._pinned:
            self._pin(node_id, key)

    def put(self, node_id: str, result: Result) -> None:
        """Hold a result that no node made."""
        self._results[node_id] = result

    def settle(self, node_id: str) -> None:
        """Let go of results that nothing will read any more, now that a node ran."""
        was_all_held = self._readers.holds_all
        unread = self._readers.settle(node_id)
        if not was_all_held:
            for source in unread:
                self.drop(source)
        elif not self._readers.holds_all:
            self.let_go()

    def let_go(self) -> None:
        """Let go of all results that nothing will read, if that can be told."""
        if self._readers.holds_all:
            return
        for node_id in [node_id for node_id in self._results if not self._readers.has(node_id)]:
            self.drop(node_id)

    def drop(self, node_id: str) -> None:
        """Let go of a result."""
        self._results.pop(node_id, None)
        self._digests.pop(node_id, None)
        key = self._pinned.pop(node_id, None)
        if key is not None:
            self._cache.unpin(key)

    def digest_of(self, node_id: str, output: int) -> bytes | None:
        """Return a digest of an output; None where there is none, and of what is blocked."""
        known = self._digests.setdefault(node_id, {})
        if output not in known:
            known[output] = self._digested(self._results[node_id].outputs[output])
        return known[output]

    def _digested(self, values: Values) -> bytes | None:
        parts: list[bytes] = []
        for item in values.items:
            part = None if type(item) is Block else value_part(item, self._digest)
            if part is None:
                return None
            parts.append(part)
        return b"v%d,%d:" % (values.is_list, len(parts)) + b"".join(parts)

    def close(self) -> None:
        """Give back all pins."""
        for key in self._pinned.values():
            self._cache.unpin(key)
        self._pinned.clear()

    def _pin(self, node_id: str, key: Key) -> None:
        self._cache.pin(key)
        self._pinned[node_id] = key
