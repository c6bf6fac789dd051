"""SentencePiece models, written as the protocol buffers that they are."""

from __future__ import annotations

import struct
from collections.abc import Iterable


def sentencepiece_model(
    pieces: Iterable[tuple[str, float, int]], *, table: bytes = b"", byte_fallback: bool = False, kind: int = 1
) -> bytes:
    """Return a model of pieces with scores and kinds."""
    entries = [
        _field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + b"\x18" + _varint(form)
        for text, score, form in pieces
    ]
    training = b"\x18" + _varint(kind) + _varint(35 << 3) + _varint(int(byte_fallback))
    normalizer = _field(1, b"nmt_nfkc") + _field(2, table) + b"\x18\x01\x20\x01"
    return b"".join(_field(1, entry) for entry in entries) + _field(2, training) + _field(3, normalizer)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
