"""ETags of files: what browsers compare to know whether they have a file as it is now."""

from __future__ import annotations

from pathlib import Path


def etag_of(path: Path) -> str:
    """Return what a file's ETag is, in aiohttp's form: it changes with time and size."""
    found = path.stat()
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"
