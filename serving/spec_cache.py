"""SpecCache: the node types of the last start in a file, and a fingerprint that tells whether they may have changed.

cache = SpecCache(Path("user/cache"), fingerprint([Path("nodes"), Path("custom_nodes")]))
cache.write(payload)
cache.read()  # the same bytes at the next start; None if a source file changed since, or the file is damaged
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

logger = logging.getLogger(__name__)

NAME = "node_types.json"
SOURCES = ("graph", "nodes", "diffusion")  # of which node types are made
DIGEST_BYTES = 16


class SpecCache:
    """One file: a line with the fingerprint, a line with the digest of the rest, the rest."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._path = folder / NAME
        self._fingerprint = fingerprint

    def read(self) -> bytes | None:
        """Return what was written under the same fingerprint; None if there is nothing of use."""
        try:
            fingerprint, digest, payload = self._path.read_bytes().split(b"\n", 2)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            logger.warning("%s cannot be read (%s); the worker will tell the node types.", self._path, error)
            return None
        if fingerprint.decode(errors="replace") != self._fingerprint:
            return None
        if digest != _digest(payload):
            logger.warning("%s is damaged; the worker will tell the node types.", self._path)
            return None
        return payload

    def write(self, payload: bytes) -> None:
        """Keep a document for the next start; a folder that cannot be written to is a warning."""
        part = self._path.with_name(f"{NAME}.{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(b"\n".join((self._fingerprint.encode(), _digest(payload), payload)))
            part.replace(self._path)
        except OSError as error:
            logger.warning("The node types cannot be kept for the next start: %s.", error)


def fingerprint(folders: Iterable[Path], command: Sequence[str] = ()) -> str:
    """Return what changes with Weft's version, with Python's, with any Python file below some folders.

    command: how the worker is started, which says what packs it loads.
    """
    seen = "\n".join((_version(), sys.version, *command, ""))
    state = hashlib.blake2b(seen.encode(), digest_size=DIGEST_BYTES)
    for folder in folders:
        for place, subfolders, files in os.walk(folder, followlinks=True):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith((".", "__pycache__")))
            for name in sorted(files):
                if name.endswith(".py"):
                    status = os.stat(os.path.join(place, name))
                    state.update(f"{place}/{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return state.hexdigest()


def own_sources(packs: Iterable[Path]) -> tuple[Path, ...]:
    """Return the folders whose files make the node types: Weft's own, and those of node packs."""
    here = Path(__file__).resolve().parent.parent
    return (*(here / name for name in SOURCES), *packs)


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=DIGEST_BYTES).hexdigest().encode()


def _version() -> str:
    try:
        return version("weft")
    except PackageNotFoundError:
        return "unknown"
