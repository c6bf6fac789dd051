"""The disk tier of the cache: results that outlive the process, under a budget of bytes.

    with open_store(Path("user/cache"), codec=codec, realm=realm, budget_bytes=10 * 1024**3) as store:
        store.put(key, result, nbytes=4096, seconds=2.5, source="KSampler")
        store.get(key)  # in this process or in a later one; None if there is none

Writing is done behind, by one thread; only `close` waits for it. A realm is what keys do not tell: the version of the
code, the kind of device. What goes wrong with the disk never ends a run: it is a warning, and the result is a miss.
Blobs are verified whenever they are read. Several processes may use one folder.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import NamedTuple, Protocol

from graph.blob_files import BlobFiles, DamagedBlobError
from graph.keys import Key
from graph.orphans import is_due, sweep
from graph.results import Result
from graph.store_index import INDEX, INDEX_ERRORS, Entry, Index, open_index, store_folder

logger = logging.getLogger(__name__)

LEAST_S = 0.02  # cheaper results are not worth a file: reading one takes some milliseconds (2 cores, NVMe, 2026-11)
MOST_WAITING_BYTES = 2 * 1024**3  # results that wait to be written; beyond it new ones are left out


class Codec(Protocol):
    """Turns results into bytes and back. The engine does not know what is in them."""

    def encode(self, result: Result) -> bytes | None:
        """Return a result as bytes; None for one that cannot outlive its process."""
        ...

    def decode(self, data: bytes) -> Result:
        """Return the result of bytes; ValueError if they are none."""
        ...


class Stored(NamedTuple):
    """A result of the disk tier. `nbytes`: what it costs in memory; `seconds`: what it cost to make."""

    result: Result
    nbytes: int
    seconds: float


class Writing(NamedTuple):
    """A result that waits for the writer."""

    key: Key
    also: Key | None
    result: Result
    nbytes: int
    seconds: float
    source: str


Job = Callable[[], None]


def open_store(
    folder: Path, *, codec: Codec, realm: bytes, budget_bytes: int, least_s: float = LEAST_S
) -> Store | None:
    """Open the disk tier below a cache folder; None, with a warning, if the folder cannot be used."""
    place = store_folder(folder)
    try:
        return Store(place, codec=codec, realm=realm, budget_bytes=budget_bytes, least_s=least_s)
    except (OSError, *INDEX_ERRORS) as error:
        logger.warning("The cache folder %s cannot be used (%s); results are kept in memory only.", folder, error)
        return None


class Store:
    """Results by key, in files. Reads in the caller's thread, writes in its own."""

    def __init__(
        self, folder: Path, *, codec: Codec, realm: bytes, budget_bytes: int, least_s: float = LEAST_S
    ) -> None:
        self.budget_bytes = budget_bytes
        self._codec, self._realm, self._least_s = codec, realm, least_s
        self._blobs = BlobFiles(folder / "blobs")
        self._index = open_index(folder)
        self._writer_index = Index(folder / INDEX)
        self._state = self._index.state()
        self._keys = set(self._index.keys(realm))
        self._waiting: set[Key] = set()
        self._waiting_bytes = 0
        self._kept: frozenset[Key] = frozenset()
        self._is_read_only = False
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        if is_due(self._index):
            self._do(self._sweep)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __contains__(self, key: object) -> bool:
        """Return whether there is a result, as far as is known; costs no look at the disk."""
        return key in self._keys

    def refresh(self) -> None:
        """Take notice of what other processes stored and removed."""
        try:
            state = self._index.state()
            if state != self._state:
                self._keys = set(self._index.keys(self._realm))
                self._state = state
        except INDEX_ERRORS as error:
            self._give_up("read", error)

    def begin(self, kept: Collection[Key]) -> None:
        """Begin a run: the results of `kept` go only if nothing else can, until another run begins."""
        self._kept = frozenset(kept)

    def get(self, key: Key) -> Stored | None:
        """Return the result of a key; None if there is none, or if it is damaged, which is told and mended."""
        if key not in self._keys:
            return None
        try:
            entry = self._index.find(self._realm, key)
            result = None if entry is None else self._read(entry)
        except INDEX_ERRORS as error:
            self._give_up("read", error)
            entry = result = None
        if entry is None or result is None:
            self._keys.discard(key)
            return None
        self._do(lambda: self._touch(entry.digest))
        return Stored(result, entry.result_bytes, entry.seconds)

    def put(
        self, key: Key, result: Result, *, nbytes: int, seconds: float, source: str, also: Key | None = None
    ) -> None:
        """Have a result written, unless it is cheap to make again or there already."""
        if seconds < self._least_s or self._is_read_only or nbytes > self.budget_bytes:
            return
        if key in self._keys or key in self._waiting or self._waiting_bytes + nbytes > MOST_WAITING_BYTES:
            return
        self._waiting.add(key)
        self._waiting_bytes += nbytes
        writing = Writing(key, also, result, nbytes, seconds, source)
        self._do(lambda: self._write(writing))

    def alias(self, other: Key, key: Key) -> None:
        """Let `other` lead to the result of `key`, if that is there or on its way."""
        if other not in self._keys and (key in self._keys or key in self._waiting):
            self._do(lambda: self._alias(other, key))

    def file_digest(self, path: str, stamp: str) -> bytes | None:
        """Return what `note_file` noted for a file, if it still looks so."""
        try:
            return self._index.file_digest(path, stamp)
        except INDEX_ERRORS as error:
            self._give_up("read", error)
            return None

    def note_file(self, path: str, stamp: str, digest: bytes) -> None:
        """Note the digest of a file's content."""
        self._do(lambda: self._note_file(path, stamp, digest))

    def flush(self) -> None:
        """Wait until everything that was put is written."""
        if self._thread is not None:
            done = threading.Event()
            self._do(done.set)
            done.wait()

    def close(self) -> None:
        """Write what waits, then close."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        self._index.close()
        self._writer_index.close()

    def _read(self, entry: Entry) -> Result | None:
        try:
            return self._codec.decode(self._blobs.read(entry.digest))
        except (DamagedBlobError, ValueError, OSError):
            self._do(lambda: self._mend(entry))
            return None

    def _do(self, job: Job) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cache writer", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # of any kind: whoever closes waits for this thread
                self._give_up("written to", error)

    def _give_up(self, what: str, error: Exception) -> None:
        """Say once that the disk does not do what it should; from then on nothing is written."""
        if not self._is_read_only:
            self._is_read_only = True
            logger.warning("The cache cannot be %s (%s); new results are kept in memory only.", what, error)

    def _write(self, writing: Writing) -> None:
        try:
            if self._is_read_only:
                return
            data = self._codec.encode(writing.result)
            if data is None or len(data) > self.budget_bytes:
                return
            digest = self._blobs.write(data)
            self._enter(writing, Entry(digest, len(data), writing.nbytes, writing.seconds, writing.source))
        finally:
            self._waiting.discard(writing.key)
            self._waiting_bytes -= writing.nbytes

    def _enter(self, writing: Writing, entry: Entry) -> None:
        names = [name for name in (writing.key, writing.also) if name is not None]
        index = self._writer_index
        gone: list[Key] = []
        with index.writing():
            if not self._blobs.has(entry.digest, entry.nbytes):
                return  # another process has just removed an equal one
            for name in names:
                index.add(self._realm, name, entry)
            spared = index.digests_of(self._realm, self._kept)
            for surplus in index.surplus(self.budget_bytes, spared):
                gone += index.forget(surplus.digest)
                self._blobs.remove(surplus.digest)
        self._keys.update(names)
        self._keys.difference_update(gone)

    def _alias(self, other: Key, key: Key) -> None:
        if not self._is_read_only and self._writer_index.alias(self._realm, other, key):
            self._keys.add(other)

    def _touch(self, digest: bytes) -> None:
        if not self._is_read_only:
            self._writer_index.touch(digest)

    def _note_file(self, path: str, stamp: str, digest: bytes) -> None:
        if not self._is_read_only:
            self._writer_index.note_file(path, stamp, digest)

    def _sweep(self) -> None:
        if not self._is_read_only:
            sweep(self._writer_index, self._blobs)

    def _mend(self, entry: Entry) -> None:
        """Remove a blob that could not be read; not one that another process has just removed or written again."""
        index = self._writer_index
        with index.writing():
            if not index.has(entry.digest):
                return
            try:
                self._codec.decode(self._blobs.read(entry.digest))
                return
            except FileNotFoundError:
                reason = "its file is gone"
            except (DamagedBlobError, ValueError, OSError) as error:
                reason = str(error)
            self._keys.difference_update(index.forget(entry.digest))
            self._blobs.remove(entry.digest)
        logger.warning("A cached result of %s is damaged (%s); it is removed and made again.", entry.source, reason)
