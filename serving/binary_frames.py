"""The binary messages of ComfyUI's socket: a kind (32 bits, big-endian), then what the kind wants.

plain_preview("jpeg", image)                    # kind 1: the image's type and the image
described_preview("jpeg", image, {"node_id": "7"})  # kind 4: the length of a JSON object, the object, the image
node_text("7", "3 of 20 tiles")                 # kind 3: the length of a node's id, the id, the text
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import msgspec

PLAIN_PREVIEW = 1
NODE_TEXT = 3
DESCRIBED_PREVIEW = 4
IMAGE_TYPES: Mapping[str, int] = {"jpeg": 1, "png": 2}
TWO_NUMBERS = struct.Struct(">II")


def plain_preview(image_format: str, image: bytes) -> bytes:
    """Return the message of an encoded picture; KeyError for a format that is not in IMAGE_TYPES."""
    return TWO_NUMBERS.pack(PLAIN_PREVIEW, IMAGE_TYPES[image_format]) + image


def described_preview(image_format: str, image: bytes, about: Mapping[str, Any]) -> bytes:
    """Return the message of an encoded picture with what it is of; `image_type` is added."""
    described = msgspec.json.encode({**about, "image_type": f"image/{image_format}"})
    return TWO_NUMBERS.pack(DESCRIBED_PREVIEW, len(described)) + described + image


def node_text(node_id: str, text: str) -> bytes:
    """Return the message of a text that a node shows while it runs."""
    name = node_id.encode()
    return TWO_NUMBERS.pack(NODE_TEXT, len(name)) + name + text.encode()
