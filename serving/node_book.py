"""NodeBook: the node types as the server knows them, from the worker or, until that is up, from the last time.

book = NodeBook(folders, SpecCache(user / "cache", fingerprint(own_sources(packs))))
await book.wait(timeout_s=30)  # Registry
book.object_info()             # bytes: the answer to /object_info
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any

import msgspec

from files.folders import Folders
from graph.choices import File
from graph.describe import describe, describe_all
from graph.opening import all_sockets
from graph.registry import Registry
from graph.spec import NodeSpec
from graph.spec_document import SpecDocumentError, read_registry
from serving.name_lists import NameLists
from serving.spec_cache import SpecCache
from serving.type_changes import changes_between
from serving.workers import WorkerError

logger = logging.getLogger(__name__)


class BookState(Enum):
    """Where the node types come from."""

    EMPTY = "unknown"
    REMEMBERED = "remembered"  # from the last start; the worker will tell whether they still hold
    CURRENT = "current"  # from the worker


class NodeBook:
    """Node types and the files that they may choose.

    Those of the last start are read when somebody asks for the first time, so that they do not hold up the server's start.
    """

    def __init__(self, folders: Folders, cache: SpecCache) -> None:
        self._registry: Registry | None = None
        self._state = BookState.EMPTY
        self._lists = NameLists(folders)
        self._cache = cache
        self._payload = b""
        self._kinds: tuple[str, ...] = ()
        self._described: tuple[tuple[int, ...], bytes] | None = None
        self._known = asyncio.Event()
        self._trouble = ""
        self.freshness = ""  # digest of what was last taken by `describe_anew`
        self._has_changing_types = False
        self._has_remembered = False

    @property
    def registry(self) -> Registry | None:
        """The node types, None as long as they are not known."""
        self.remember()
        return self._registry

    @property
    def has_changing_types(self) -> bool:
        """Whether a type may say other things of itself from time to time."""
        self.remember()
        return self._has_changing_types

    @property
    def state(self) -> BookState:
        """Where the node types come from."""
        self.remember()
        return self._state

    def names(self, kind: str) -> list[str]:
        """Return the files of a kind that there are now."""
        return self._lists.names(kind)

    async def wait(self, timeout_s: float) -> Registry:
        """Return the node types as soon as they are known; WorkerError if they are not in time."""
        self.remember()
        if self.registry is not None:
            return self.registry
        try:
            async with asyncio.timeout(timeout_s):
                await self._known.wait()
        except TimeoutError as error:
            trouble = f" {self._trouble}" if self._trouble else ""
            raise WorkerError(f"The worker has not told the node types within {timeout_s:g} s.{trouble}") from error
        assert self.registry is not None
        return self.registry

    def note_trouble(self, sentence: str) -> None:
        """Remember why the worker does not come up, for those who wait."""
        self._trouble = sentence

    def update(self, payload: bytes) -> dict[str, list[str]]:
        """Take the document of a worker's Specs message; SpecDocumentError if it is none.

        Return which types came, changed or went; nothing if there were none before, or they are the same.
        """
        self.remember()
        before = self._payload
        if payload != before:
            self._take(payload)
            self._cache.write(payload)
        self._state = BookState.CURRENT
        return changes_between(before, payload) if before and payload != before else {}

    def object_info(self) -> bytes:
        """Return the description of all node types as JSON."""
        if self.registry is None:
            return b"{}"
        versions = tuple(map(self._lists.version, self._kinds))
        if self._described is None or self._described[0] != versions:
            self._described = (versions, msgspec.json.encode(describe_all(self.registry, self.names)))
        return self._described[1]

    def describe(self, name: str) -> dict[str, Any] | None:
        """Return the description of one node type; None if there is none of that name."""
        spec = None if self.registry is None else self.registry.find(name)
        return None if spec is None else describe(spec, self.names, name=name)

    def describe_anew(self, digest: str, told: Mapping[str, Any]) -> None:
        """Take what types say of themselves now, by name; `digest` stands for all of it."""
        self.freshness = digest
        if told and self.registry is not None:
            self._registry = Registry.of(*(_described(spec, told.get(spec.name)) for spec in self.registry))
            self._described = None

    def remember(self) -> None:
        """Read the node types of the last start, once."""
        if self._has_remembered:
            return
        self._has_remembered = True
        payload = self._cache.read()
        if payload is None:
            return
        try:
            self._take(payload)
        except SpecDocumentError as error:
            logger.warning("The node types of the last start cannot be read (%s); the worker will tell them.", error)
            return
        self._state = BookState.REMEMBERED

    def _take(self, payload: bytes) -> None:
        registry = read_registry(payload)
        widgets = (socket.widget for spec in registry for socket in all_sockets(spec.inputs))
        self._kinds = tuple({widget.kind: None for widget in widgets if isinstance(widget, File)})
        self._registry, self._payload, self._described = registry, payload, None
        self._has_changing_types, self.freshness = any(spec.is_described_anew for spec in registry), ""
        self._known.set()


def _described(spec: NodeSpec, told: Mapping[str, Any] | None) -> NodeSpec:
    return spec if told is None else replace(spec, describer=lambda: told)
