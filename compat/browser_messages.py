"""What packs send to browsers, as the machine takes it: JSON as it is, binary messages with their number before them."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from PIL import Image, ImageOps

PREVIEW, UNENCODED, TEXT, DESCRIBED = 1, 2, 3, 4
TYPES: Mapping[str, int] = {"JPEG": 1, "PNG": 2}
NUMBER = struct.Struct(">I")
QUALITY, LEVEL = 95, 1  # of JPEG and PNG (ComfyUI's)


class Letter(NamedTuple):
    """A message: a name and JSON data, or a payload."""

    event: str
    data: Any = None
    payload: bytes = b""


def letter_of(event: str | int, data: Any) -> Letter:
    """Return what is to be sent; event: a name, or the number of a binary message."""
    if event == UNENCODED:
        return _binary(PREVIEW, NUMBER.pack(TYPES.get(data[0], TYPES["JPEG"])) + encoded(*data[:3]))
    if event == DESCRIBED and not isinstance(data, bytes | bytearray):
        return _binary(DESCRIBED, _described(*data))
    if isinstance(data, bytes | bytearray):
        return _binary(int(event), bytes(data))
    return Letter(str(event), data)


def node_text(node_id: str, text: str | bytes) -> bytes:
    """Return the data of a text that a node shows while it runs."""
    name = str(node_id).encode()
    return NUMBER.pack(len(name)) + name + (text.encode() if isinstance(text, str) else bytes(text))


def encoded(format: str, picture: Image.Image, side: int | None) -> bytes:
    """Return a picture as a file, its longer side at most `side`."""
    fitted = picture if side is None else ImageOps.contain(picture, (side, side), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    fitted.save(file, format, quality=QUALITY, compress_level=LEVEL)
    return file.getvalue()


def _described(picture: Any, about: Mapping[str, Any] | None) -> bytes:
    kind = "image/png" if picture[0] == "PNG" else "image/jpeg"
    text = json.dumps({**(about or {}), "image_type": kind}).encode()
    return NUMBER.pack(len(text)) + text + encoded(*picture[:3])


def _binary(number: int, data: bytes) -> Letter:
    return Letter("binary", payload=NUMBER.pack(number) + data)
