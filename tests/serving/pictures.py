"""Picture files for tests: small ones, and ones that are made to do harm."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from io import BytesIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture(
    size: tuple[int, int] = (8, 6),
    colour: tuple[int, ...] = (10, 20, 30, 40),
    mode: str = "RGBA",
    form: str = "PNG",
    texts: Mapping[str, str] | None = None,
) -> bytes:
    """Return a picture of one colour as a file."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, text in (texts or {}).items():
        info.add_text(key, text)
    buffer = BytesIO()
    Image.new(mode, size, colour).save(buffer, form, **({"pnginfo": info} if form == "PNG" else {}))
    return buffer.getvalue()


def decode(data: bytes) -> tuple[str, str, tuple[int, int], object]:
    """Return a picture's format, mode, size and its first pixel."""
    from PIL import Image

    with Image.open(BytesIO(data)) as opened:
        return str(opened.format), opened.mode, opened.size, opened.getpixel((0, 0))


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """Return a small PNG whose header promises billions of pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def poisoned(kind: bytes, nbytes: int = 8 * 2**20) -> bytes:
    """Return a small PNG with a compressed text (`zTXt` or `iTXt`) that becomes huge when it is read."""
    packed = zlib.compressobj(9)
    zeros = bytes(2**20)
    text = b"".join(packed.compress(zeros) for _ in range(nbytes // len(zeros))) + packed.flush()
    start = b"prompt\x00\x00" if kind == b"zTXt" else b"prompt\x00\x01\x00\x00\x00"
    whole = picture()
    end = len(SIGNATURE) + 25  # behind the header's chunk
    return whole[:end] + chunk(kind, start + text) + whole[end:]


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
