"""Digests of files that widgets name: by content, read once while a file looks the same.

    digests = FileDigests(store)
    digests.of(Path("models/loras/ink.safetensors"))  # 32 hexadecimal digits

With a disk tier a file is read whole (blake2b, about 1 GB/s) when it is first used and whenever its size, times or
inode change; the digest is kept in the tier's index, so a checkpoint is read once and not once for each process. Without
a disk tier keys need to hold within one process only, and size and time of change do.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from graph.parts import OnRead
from graph.store import Store

Tell = Callable[[str], None]

TOLD_EVERY_S = 0.1
CHUNK_BYTES = 4 * 1024**2
SLOW_S = 1.0  # after it the user is told what is being waited for
SETTLED_S = 1.0  # a file that changed less long ago may change again without looking different


class Known(NamedTuple):
    """A digest, and how the file looked."""

    stamp: str
    digest: str


def say_nothing(sentence: str) -> None:
    """Tell nobody."""


class FileDigests:
    """Digests of one process."""

    def __init__(self, store: Store | None = None, tell: Tell = say_nothing) -> None:
        self._store = store
        self._tell = tell
        self._known: dict[str, Known] = {}

    def of(self, path: Path, on_read: OnRead | None = None) -> Any:
        """Return what changes with a file's content; OSError if it cannot be read. `on_read` may raise to end it."""
        status = path.stat()
        if self._store is None:
            return [status.st_size, status.st_mtime_ns]
        name, stamp = str(path.resolve()), _stamp(status)
        digest = self._found(name, stamp)
        if digest is not None:
            return digest
        digest = self._read(path, on_read)
        if _stamp(path.stat()) == stamp and time.time() - max(status.st_mtime, status.st_ctime) > SETTLED_S:
            self._known[name] = Known(stamp, digest)
            self._store.note_file(name, stamp, bytes.fromhex(digest))
        return digest

    def glance(self, path: Path) -> Any:
        """Return the same without reading the file: of one whose content is not known, no more than how it looks."""
        status = path.stat()
        digest = None if self._store is None else self._found(str(path.resolve()), _stamp(status))
        return [status.st_size, status.st_mtime_ns] if digest is None else digest

    def _found(self, name: str, stamp: str) -> str | None:
        """Return the digest of a file that was read before and looks the same."""
        known = self._known.get(name)
        if known is not None and known.stamp == stamp:
            return known.digest
        found = None if self._store is None else self._store.file_digest(name, stamp)
        if found is None:
            return None
        self._known[name] = Known(stamp, found.hex())
        return found.hex()

    def _read(self, path: Path, on_read: OnRead | None) -> str:
        state = hashlib.blake2b(digest_size=16)
        start = told = time.monotonic()
        is_slow = False
        with path.open("rb") as file:
            total = os.fstat(file.fileno()).st_size
            while chunk := file.read(CHUNK_BYTES):
                state.update(chunk)
                now = time.monotonic()
                if not is_slow and now - start > SLOW_S:
                    is_slow = True
                    seconds = (now - start) * (total / file.tell() - 1)
                    self._tell(f"Reading {path.name} once to know its content; {seconds:.0f} s more …")
                if on_read is not None and (now - told > TOLD_EVERY_S or (told > start and file.tell() >= total)):
                    told = now
                    on_read(path.name, file.tell(), total)
        return state.hexdigest()


def stamps_below(root: Path) -> Iterator[tuple[str, list[int]]]:
    """Yield each file below a folder with its size and time of change, in the order of names."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            status = path.stat()
            yield str(path.relative_to(root)), [status.st_size, status.st_mtime_ns]


def _stamp(status: os.stat_result) -> str:
    """Return how a file looks; the time of change of its inode cannot be set back, as that of its content can."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
