"""The texts inside a picture file, by name: PNG's text chunks, and EXIF in WebP and JPEG as `name:text`.

    read_texts(path).texts["prompt"]

Pixels are not decoded, and compressed texts are unpacked up to a limit: a picture is untrusted input.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from PIL import Image, UnidentifiedImageError

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
LARGEST_TEXT = 64 * 2**20  # bytes; the largest workflows known have a few MB
EXIF_IFD, USER_COMMENT = 0x8769, 0x9286
_COMMENT_CODES = {b"ASCII\0\0\0": "utf-8", b"UNICODE\0": "utf-16", b"\0" * 8: "utf-8"}


class TextsError(Exception):
    """The file is none that can hold texts, or it is damaged; the message is a sentence."""


@dataclass(frozen=True)
class Texts:
    """What a file holds: texts by name, or, for a file that is no picture, its own text."""

    kind: str
    texts: Mapping[str, str] = field(default_factory=dict)
    json: bytes | None = None
    is_truncated: bool = False


class Chunk(NamedTuple):
    """A block of a PNG or WebP file; `data` is None if its kind does not matter or the file ends inside it."""

    kind: bytes
    data: bytes | None
    is_whole: bool


def read_texts(path: Path) -> Texts:
    """Return the texts of a picture; TextsError if it is none, OSError if it cannot be read."""
    with path.open("rb") as file:
        start = file.read(12)
        if start.startswith(PNG_MAGIC):
            file.seek(len(PNG_MAGIC))
            return _png(file)
        if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
            return _webp(file)
        if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") or path.suffix.lower() == ".json":
            return Texts("JSON", json=start + file.read())
    return _other(path)


def _png(file: BinaryIO) -> Texts:
    texts: dict[str, str] = {}
    is_whole = False
    for chunk in _chunks(file, ">I4s", 4, (b"tEXt", b"zTXt", b"iTXt")):
        if chunk.data is not None:
            texts |= _png_text(chunk.kind, chunk.data)
        is_whole = chunk.is_whole and chunk.kind == b"IEND"
    return Texts("PNG", texts, is_truncated=not is_whole)


def _webp(file: BinaryIO) -> Texts:
    texts: dict[str, str] = {}
    is_truncated = False
    for chunk in _chunks(file, "<4sI", None, (b"EXIF",)):
        is_truncated = not chunk.is_whole
        if chunk.data is not None:
            texts |= _exif_texts(_exif(chunk.data))
    return Texts("WebP", texts, is_truncated=is_truncated)


def _other(path: Path) -> Texts:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # pixels are not decoded
            with Image.open(path) as image:
                return Texts(image.format or "", _exif_texts(image.getexif()))
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError, struct.error) as error:
        raise TextsError("this is neither a picture (PNG, WebP, JPEG) nor a workflow in JSON.") from error


def _chunks(file: BinaryIO, head: str, tail: int | None, wanted: tuple[bytes, ...]) -> Iterator[Chunk]:
    """Yield the blocks of a file from where it stands. `tail` is the length of what follows a block; None pads to even."""
    size = struct.calcsize(head)
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    while len(start := file.read(size)) == size:
        first, second = struct.unpack(head, start)
        kind, length = (second, first) if isinstance(first, int) else (first, second)
        after = file.tell() + length + (length % 2 if tail is None else tail)
        is_whole = file.tell() + length <= end
        yield Chunk(kind, file.read(length) if is_whole and kind in wanted else None, is_whole)
        if not is_whole:
            return
        file.seek(after)


def _png_text(kind: bytes, data: bytes) -> dict[str, str]:
    """Return the text of one chunk by its name; damaged texts are left out."""
    name, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        text: str | None = _decoded(rest)
    elif kind == b"zTXt":
        text = _unpacked(rest[1:])
    else:
        content = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # after the language and the translated name
        text = _unpacked(content) if rest[:1] == b"\1" else _decoded(content)
    return {} if text is None else {name.decode("latin-1"): text}


def _unpacked(data: bytes) -> str | None:
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, LARGEST_TEXT)
    except zlib.error:
        return None
    return _decoded(content) if unpacker.eof else None


def _decoded(data: bytes) -> str:
    """Return a text that is UTF-8, as most programs write, or Latin-1, as PNG says."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _exif(data: bytes) -> Image.Exif:
    exif = Image.Exif()
    try:
        exif.load(data if data.startswith(b"Exif\0\0") else b"Exif\0\0" + data)
    except (SyntaxError, ValueError, struct.error, OSError) as error:
        raise TextsError(f"its EXIF block is damaged ({error}).") from error
    return exif


def _exif_texts(exif: Image.Exif) -> dict[str, str]:
    """Return EXIF values that are written `name:text`, as ComfyUI does, by name in small letters."""
    texts: dict[str, str] = {}
    comment = exif.get_ifd(EXIF_IFD).get(USER_COMMENT)
    for value in (*exif.values(), comment):
        name, colon, text = _exif_text(value).partition(":")
        if colon and text.lstrip()[:1] in ("{", "["):
            texts.setdefault(name.strip().lower(), text)
    return texts


def _exif_text(value: Any) -> str:
    if isinstance(value, str):
        return _decoded(value.encode("latin-1", "ignore")) if not value.isascii() else value
    if not isinstance(value, bytes):
        return ""
    encoding = _COMMENT_CODES.get(value[:8])
    return value[8:].decode(encoding, "replace").rstrip("\0") if encoding else _decoded(value).rstrip("\0")
