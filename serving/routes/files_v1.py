"""/api/v1/files: uploads by content. A file that is there already is not sent again, whatever it is called.

A digest is SHA-256 (64 hexadecimal digits) or BLAKE2b (128). The file lies in the input folder as `by-digest/DIGEST.png`,
and that is what LoadImage and `/view` call it.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from aiohttp import web

from serving.file_names import inside
from serving.file_store import CHUNK_BYTES, digest_of, place, receiving, telling_disk_errors, too_large
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site

FOLDER = "by-digest"
ALGORITHMS = {64: "sha256", 128: "blake2b"}  # by the count of hexadecimal digits
SUFFIX = re.compile(r"\.[a-z0-9]{1,12}")
MAGIC = (  # what files begin with, where the client does not say what it sends
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
)


class Digest(NamedTuple):
    """A digest in lower-case hexadecimal, and its algorithm's name in hashlib."""

    algorithm: str
    text: str


class StoredFile(msgspec.Struct):
    """A file that is there. value: what LoadImage takes; was_there: nothing was stored now."""

    name: str
    subfolder: str
    type: str
    value: str
    digest: str
    size: int
    was_there: bool


class NameQuery(msgspec.Struct):
    """What the client calls the file: its end is kept."""

    name: str = ""


@route("PUT", "/api/v1/files/{digest}", summary="Store a file under its digest", errors=(413, 422, 507))
async def put_file(request: web.Request, site: Site, digest: str, query: NameQuery) -> web.Response:
    """Take the body, unless it is there; 201 if it was stored, 422 if its digest is another."""
    wanted = read_digest(digest)
    found = await asyncio.to_thread(find_stored, site, wanted)
    if found is not None:
        return _answer(wanted, found, was_there=True)
    limit = site.settings.max_upload_bytes
    if (request.content_length or 0) > limit:
        raise too_large(limit)
    async with receiving(_chunks(request), site.folders.input, limit, (wanted.algorithm,)) as incoming:
        actual = incoming.digests[wanted.algorithm]
        if actual != wanted.text:
            raise refuse(422, f"The body has the {wanted.algorithm} digest {actual}; the path says {wanted.text}.")
        suffix = _suffix_of(query.name) or await asyncio.to_thread(_sniff, incoming.path)
        path = inside(site.folders.input, f"{FOLDER}/{wanted.text}{suffix}")
        await asyncio.to_thread(place, incoming.path, path)
    return _answer(wanted, path, was_there=False)


@route("GET", "/api/v1/files/{digest}", summary="Where a file of that digest is", errors=(404,))
async def get_file(site: Site, digest: str) -> web.Response:
    """Return where it is; its bytes come from `/view`."""
    wanted = read_digest(digest)
    found = await asyncio.to_thread(find_stored, site, wanted)
    if found is None:
        raise refuse(404, f"No file with the {wanted.algorithm} digest {wanted.text} was stored.")
    return _answer(wanted, found, was_there=True)


def read_digest(text: str) -> Digest:
    """Return a digest, perhaps written `sha256:…`; 400 if it is none."""
    named, _, digits = text.lower().rpartition(":")
    algorithm = ALGORITHMS.get(len(digits))
    if algorithm is None or named not in ("", algorithm) or not re.fullmatch(r"[0-9a-f]+", digits):
        raise refuse(400, "That is no digest; expected 64 hexadecimal digits of SHA-256 or 128 of BLAKE2b.")
    return Digest(algorithm, digits)


def find_stored(site: Site, digest: Digest) -> Path | None:
    """Return the file of a digest. Its bytes are looked at: its name could have been given to another."""
    folder = inside(site.folders.input, FOLDER)
    with telling_disk_errors():
        for path in sorted(folder.glob(f"{digest.text}*")):
            if path.is_file() and not path.is_symlink() and digest_of(path, digest.algorithm) == digest.text:
                return path
    return None


def _answer(digest: Digest, path: Path, *, was_there: bool) -> web.Response:
    name = f"{digest.algorithm}:{digest.text}"
    value = posixpath.join(FOLDER, path.name)
    stored = StoredFile(path.name, FOLDER, "input", value, name, path.stat().st_size, was_there)
    body = msgspec.json.encode(stored)
    return web.Response(body=body, content_type="application/json", status=200 if was_there else 201)


def _suffix_of(name: str) -> str:
    suffix = posixpath.splitext(name)[1].lower()
    return suffix if SUFFIX.fullmatch(suffix) else ""


def _sniff(path: Path) -> str:
    """Return the usual end of what a file begins with."""
    with path.open("rb") as file:
        start = file.read(16)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for magic, suffix in MAGIC if start.startswith(magic)), "")


async def _chunks(request: web.Request) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_chunked(CHUNK_BYTES):
        yield chunk
