"""Files that clients send: streamed to a temporary file beside their place, and there whole or not at all.

    async with receiving(chunks, folder, limit) as incoming:
        path = place_new(incoming.path, folder / "cat.png")

An incoming file is hidden (its name begins with a dot) and is gone after the block, wherever that ends.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from serving.refusals import refuse

CHUNK_BYTES = 2**18
TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.part")
LEFT_AFTER_S = 24 * 3600.0  # no upload takes as long
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True)
class Incoming:
    """A file that has arrived. digests: in hexadecimal, by the names of their algorithms in hashlib."""

    path: Path
    nbytes: int
    digests: dict[str, str]


@asynccontextmanager
async def receiving(
    chunks: AsyncIterator[bytes], folder: Path, limit: int, algorithms: tuple[str, ...] = ()
) -> AsyncIterator[Incoming]:
    """Write what arrives into a folder; 413 as soon as it is more than `limit` bytes, 507 if the disk is full."""
    with telling_disk_errors():
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    path = temporary_beside(folder / "upload")
    try:
        yield await _receive(chunks, path, limit, algorithms)
    finally:
        path.unlink(missing_ok=True)


async def _receive(chunks: AsyncIterator[bytes], path: Path, limit: int, algorithms: tuple[str, ...]) -> Incoming:
    hashes = [hashlib.new(name) for name in algorithms]
    nbytes = 0
    with telling_disk_errors(), path.open("xb", buffering=0) as file:

        def take(chunk: bytes) -> None:
            for each in hashes:
                each.update(chunk)
            write_all(file.fileno(), chunk)

        async for chunk in chunks:
            nbytes += len(chunk)
            if nbytes > limit:
                raise too_large(limit)
            await asyncio.to_thread(take, chunk)
    return Incoming(path, nbytes, {each.name: each.hexdigest() for each in hashes})


def too_large(limit: int) -> web.HTTPException:
    """Return the refusal of a body of more than `limit` bytes."""
    sentence = f"The file is larger than {limit} bytes, the most that this server takes; see --max-upload-size."
    return refuse(413, sentence)


def place(source: Path, target: Path) -> None:
    """Move a temporary file to its place, over what is there."""
    with telling_disk_errors():
        target.parent.mkdir(parents=True, exist_ok=True)
        with _on_one_disk(source, target) as near:
            os.replace(near, target)


def place_new(source: Path, target: Path) -> Path:
    """Move a temporary file to its place, or to "name (1).png" if another file is there, and return where it is.

    A file with the same bytes is left as it is and returned. Two at once do not overwrite each other.
    """
    with telling_disk_errors():
        target.parent.mkdir(parents=True, exist_ok=True)
        with _on_one_disk(source, target) as near:
            for path in _numbered(target):
                if path.is_file() and same_content(near, path):
                    return path
                if _claim(near, path):
                    return path
    raise AssertionError("numbers do not end")


def write_atomic(path: Path, data: bytes, *, overwrite: bool = True) -> bool:
    """Write a file whole or not at all; False if one is there and may not be overwritten."""
    with telling_disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        near = temporary_beside(path)
        try:
            with near.open("xb", buffering=0) as file:
                write_all(file.fileno(), data)
            return move(near, path, overwrite=overwrite)
        finally:
            near.unlink(missing_ok=True)


def move(source: Path, target: Path, *, overwrite: bool) -> bool:
    """Move a file on one disk at once; False if one is there and may not be overwritten."""
    if overwrite:
        os.replace(source, target)
        return True
    if not _claim(source, target):
        return False
    source.unlink(missing_ok=True)
    return True


def same_content(one: Path, other: Path) -> bool:
    """Return whether two files have the same bytes."""
    return one.stat().st_size == other.stat().st_size and digest_of(one) == digest_of(other)


def digest_of(path: Path, algorithm: str = "blake2b") -> str:
    """Return the digest of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def temporary_beside(path: Path) -> Path:
    """Return a path for what will be moved to `path`; lists of files do not show it."""
    return path.parent / f".{secrets.token_hex(8)}.part"


def is_temporary(name: str) -> bool:
    """Return whether a name is one of those that `temporary_beside` gives."""
    return TEMPORARY.fullmatch(name) is not None


def remove_leftovers(folder: Path, now_s: float) -> None:
    """Remove what uploads left directly in a folder when a server was killed: temporary files a day old."""
    for path in folder.glob(".*.part") if folder.is_dir() else ():
        with suppress(OSError):  # another server's, and gone meanwhile
            if is_temporary(path.name) and now_s - path.lstat().st_mtime > LEFT_AFTER_S:
                path.unlink()


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes; a full disk may take only a part of them before it says so."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def telling_disk_errors() -> Iterator[None]:
    """Tell what the file system refuses in a sentence."""
    try:
        yield
    except OSError as error:
        raise refuse(_status_of(error), f"The file cannot be written or read: {error.strerror}.") from error
    except ValueError as error:  # a NUL, or signs that are no UTF-8
        raise refuse(400, f"That is no name of a file: {error}.") from error


def _status_of(error: OSError) -> int:
    if error.errno in FULL:
        return web.HTTPInsufficientStorage.status_code
    if error.errno in FORBIDDEN:
        return web.HTTPForbidden.status_code
    return web.HTTPBadRequest.status_code


@contextmanager
def _on_one_disk(source: Path, target: Path) -> Iterator[Path]:
    """Yield the file, or its copy beside the target if that lies on another disk; a copy is removed in the end."""
    if source.stat().st_dev == target.parent.stat().st_dev:
        yield source
        return
    near = temporary_beside(target)
    try:
        shutil.copyfile(source, near)
        yield near
    finally:
        near.unlink(missing_ok=True)


def _numbered(target: Path) -> Iterator[Path]:
    yield target
    number = 1
    while True:
        yield target.with_name(f"{target.stem} ({number}){target.suffix}")
        number += 1


def _claim(source: Path, target: Path) -> bool:
    """Give a file a second name at once, unless that is taken; where there are no hard links, reserve the name first."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES):
            raise
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            return False
        os.replace(source, target)
    return True
