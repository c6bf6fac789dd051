"""Bytes over HTTP into a file that goes on where it was cut off, and their SHA-256.

answer = open_answer(address, start=part.stat().st_size, tag=known.tag)
copy(answer, part)
"""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from graph.errors import GraphError

CHUNK_BYTES = 1 << 20
PATIENCE_S = 30
OK, PARTIAL, NOT_THERE = 200, 206, 416
HASH_HEADER = "X-Linked-Etag"  # a hub's: the SHA-256 of a file that lies elsewhere
SHA256 = re.compile(r"[0-9a-f]{64}")
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_WHOLE = re.compile(r"bytes \*/(\d+)")
NEEDS_LEAVE = (401, 403)
Told = Callable[[int], object]


class FetchError(GraphError):
    """A file cannot be fetched; the sentence says why and what to do."""


class Answer(NamedTuple):
    """What a server sends: from where on, how much the whole file has (None: unknown), and what tells its state.

    sha256: what the file must have, if the server says so. name: what it calls the file, or "".
    """

    body: IO[bytes]
    start: int
    total: int | None
    tag: str
    sha256: str | None
    name: str


class _Followed(urllib.request.HTTPRedirectHandler):
    """Follows redirections, remembers the hash that the first answer tells, and takes no token to another host."""

    def __init__(self) -> None:
        self.sha256: str | None = None

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request for the next place."""
        self.sha256 = self.sha256 or hash_in(headers)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following


def open_answer(address: str, *, start: int = 0, tag: str = "", token: str | None = None) -> Answer:
    """Ask for a file from a byte on, if it is still in the state that `tag` tells; FetchError if there is none."""
    headers = {"User-Agent": "weft", "Accept-Encoding": "identity"}
    if start and tag:
        headers |= {"Range": f"bytes={start}-", "If-Range": tag}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    followed = _Followed()
    opener = urllib.request.build_opener(followed)
    try:
        answer = opener.open(urllib.request.Request(address, headers=headers), timeout=PATIENCE_S)
    except urllib.error.HTTPError as error:
        whole = _WHOLE.fullmatch(error.headers.get("Content-Range", ""))
        error.close()  # it is the answer, too, with its connection
        if error.code == NOT_THERE and start:
            if whole is not None and int(whole[1]) == start:  # all of it is here already
                return Answer(BytesIO(), start, start, tag, followed.sha256 or hash_in(error.headers), "")
            return open_answer(address, token=token)
        raise FetchError(_refused(address, error.code, error.reason)) from error
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise FetchError(f"{address} cannot be fetched: {getattr(error, 'reason', error)}.") from error
    return _read_answer(answer, followed.sha256)


def _read_answer(answer: Any, sha256: str | None) -> Answer:
    headers: Message = answer.headers
    span = _RANGE.fullmatch(headers.get("Content-Range", "")) if answer.status == PARTIAL else None
    length = headers.get("Content-Length")
    total = int(span[2]) if span else int(length) if length and length.isdecimal() else None
    tag = headers.get("ETag", "")
    return Answer(
        answer,
        int(span[1]) if span else 0,
        total,
        "" if tag.startswith("W/") else tag,  # a weak one does not promise the same bytes
        sha256 or hash_in(headers),
        headers.get_filename("") or "",
    )


def hash_in(headers: Mapping[str, str] | Message) -> str | None:
    """Return the SHA-256 that a hub's headers tell."""
    found = (headers.get(HASH_HEADER) or "").strip('"').lower()
    return found if SHA256.fullmatch(found) else None


def _refused(address: str, code: int, reason: str) -> str:
    if code in NEEDS_LEAVE:
        return (
            f"{address} is not given to everybody ({code} {reason}). Accept its terms on its page if it has any, "
            "and set HF_TOKEN to your token of the hub; or fetch it with your browser and put it into the folder."
        )
    return f"{address} cannot be fetched: the server says {code} {reason}. Check the address."


def copy(answer: Answer, part: Path, told: Told) -> None:
    """Write what comes behind what is there; FetchError if the connection ends too soon, which keeps what came."""
    with answer.body, part.open("r+b" if part.exists() else "xb") as file:
        file.truncate(answer.start)
        file.seek(answer.start)
        done = answer.start
        try:
            while chunk := answer.body.read(CHUNK_BYTES):
                file.write(chunk)
                done += len(chunk)
                told(done)
        except (OSError, ValueError) as error:
            if not isinstance(error, TimeoutError | ConnectionError):
                raise
            raise FetchError(_cut_off(done, answer.total)) from error
    if answer.total is not None and done != answer.total:
        raise FetchError(_cut_off(done, answer.total))


def _cut_off(done: int, total: int | None) -> str:
    of = f" of {total:,}" if total else ""
    return f"The connection ended after {done:,}{of} bytes. Give the same command again: it goes on from there."


def sha256_of(path: Path, told: Told = lambda done: None) -> str:
    """Return a file's SHA-256."""
    state, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            state.update(chunk)
            done += len(chunk)
            told(done)
    return state.hexdigest()
