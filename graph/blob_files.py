"""Blobs: files named by the digest of what they hold, whole or not at all.

blobs = BlobFiles(Path("cache/blobs"))
digest = blobs.write(b"…")
blobs.read(digest)  # the same bytes, or DamagedBlobError
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

DIGEST_BYTES = 16
SUFFIX = ".blob"
PART = ".part"
STALE_S = 3600.0  # no write takes an hour: a part that is older was left by a process that died


class DamagedBlobError(Exception):
    """A blob does not hold what its name says."""


class BlobFile(NamedTuple):
    """A file of the folder. `digest`: None for one that was never finished; `written`: in seconds since 1970."""

    path: Path
    digest: bytes | None
    nbytes: int
    written: float


def digest_of(data: bytes) -> bytes:
    """Return the name of a blob: blake2b-128 of its bytes."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


class BlobFiles:
    """Blobs in one folder, in 256 folders by the first byte of their digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: bytes) -> Path:
        """Return where a blob lies."""
        name = digest.hex()
        return self.folder / name[:2] / f"{name}{SUFFIX}"

    def write(self, data: bytes) -> bytes:
        """Write a blob and return its digest: under a temporary name, flushed to the disk, then renamed."""
        digest = digest_of(data)
        path = self.path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(suffix=PART, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise
        return digest

    def read(self, digest: bytes) -> bytes:
        """Return a blob; FileNotFoundError, or DamagedBlobError if it holds something else than its name says."""
        path = self.path(digest)
        data = path.read_bytes()
        if digest_of(data) != digest:
            raise DamagedBlobError(f"{path} does not hold what was written")
        return data

    def has(self, digest: bytes, nbytes: int) -> bool:
        """Return whether there is a file for a blob, of that size."""
        try:
            return self.path(digest).stat().st_size == nbytes
        except OSError:
            return False

    def remove(self, digest: bytes) -> None:
        """Remove a blob, if it is there."""
        self.path(digest).unlink(missing_ok=True)

    def walk(self) -> Iterator[BlobFile]:
        """Yield all files: blobs, and parts of writes that were never finished."""
        for folder, _, names in os.walk(self.folder):
            for name in sorted(names):
                path = Path(folder, name)
                try:
                    status = path.stat()
                except OSError:
                    continue  # another process was quicker
                if name.endswith(SUFFIX):
                    yield BlobFile(path, _digest_in(name), status.st_size, status.st_mtime)
                elif time.time() - status.st_mtime > STALE_S:
                    yield BlobFile(path, None, status.st_size, status.st_mtime)


def _digest_in(name: str) -> bytes | None:
    try:
        return bytes.fromhex(name.removesuffix(SUFFIX))
    except ValueError:
        return None
