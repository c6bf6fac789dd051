"""A SentencePiece model file (`spiece.model`, `tokenizer.model`) as a tokenizer, without the SentencePiece library.

The file is a protocol buffer (google/sentencepiece, sentencepiece_model.proto): pieces with scores and kinds, settings of the
training (of which the kind of model and the unknown piece matter), and a normalizer with a table of characters.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import Unigram

SPACE = "▁"
UNIGRAM = 1
UNKNOWN, CONTROL, USER_DEFINED = 2, 3, 4  # kinds of pieces; others are words, bytes and what is never used
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5  # how a field is written
Field = tuple[int, int | bytes]


class Piece(NamedTuple):
    """A piece of text, its logarithmic probability, and its kind."""

    text: str
    score: float
    kind: int


def sentencepiece_tokenizer(content: bytes) -> Tokenizer:
    """Return the tokenizer of a model; ValueError if it is damaged or of another kind than Unigram."""
    fields = list(_fields(content))
    pieces = [_piece(value) for number, value in fields if number == 1 and isinstance(value, bytes)]
    training = _settings(fields, 2)
    if training.get(3, UNIGRAM) != UNIGRAM:
        raise ValueError("it is a SentencePiece model of another kind than Unigram; expected that of T5 or UMT5")
    unknown = next((index for index, piece in enumerate(pieces) if piece.kind == UNKNOWN), None)
    words = [(piece.text, piece.score) for piece in pieces]
    tokenizer = Tokenizer(Unigram(words, unknown, byte_fallback=bool(training.get(35, 0))))
    _normalize(tokenizer, _settings(fields, 3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE)
    tokenizer.add_tokens(
        [
            AddedToken(piece.text, normalized=False, special=piece.kind != USER_DEFINED)
            for piece in pieces
            if piece.kind in (UNKNOWN, CONTROL, USER_DEFINED)
        ]
    )
    return tokenizer


def _normalize(tokenizer: Tokenizer, settings: Mapping[int, int | bytes]) -> None:
    """Set how text is cleaned: by the table of characters; spaces at the end and doubled ones go, if it says so.

    Those at the start stay one, which stands for the space that every text gets there.
    """
    steps: list[normalizers.Normalizer] = []
    table = settings.get(2, b"")
    if isinstance(table, bytes) and table:
        steps.append(normalizers.Precompiled(table))
    if settings.get(4, 1):
        steps += [normalizers.Strip(left=False), normalizers.Replace(Regex(" {2,}"), SPACE)]
    tokenizer.normalizer = normalizers.Sequence(steps)


def _piece(content: bytes) -> Piece:
    text, score, kind = "", 0.0, 1
    for number, value in _fields(content):
        if number == 1 and isinstance(value, bytes):
            text = value.decode()
        elif number == 2 and isinstance(value, bytes):
            (score,) = struct.unpack("<f", value)
        elif number == 3 and isinstance(value, int):
            kind = value
    return Piece(text, score, kind)


def _settings(fields: list[Field], number: int) -> dict[int, int | bytes]:
    content = next((value for each, value in fields if each == number and isinstance(value, bytes)), b"")
    return dict(_fields(content))


def _fields(content: bytes) -> Iterator[Field]:
    """Yield the fields of a message by number: whole numbers, and anything else as bytes."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, form = key >> 3, key & 7
        if form == VARINT:
            value, at = _varint(content, at)
            yield number, value
            continue
        length, at = _length(content, at, form)
        if at + length > len(content):
            raise ValueError("it ends too soon")
        yield number, content[at : at + length]
        at += length


def _length(content: bytes, at: int, form: int) -> tuple[int, int]:
    if form == BYTES:
        return _varint(content, at)
    if form in (EIGHT_BYTES, FOUR_BYTES):
        return (8 if form == EIGHT_BYTES else 4), at
    raise ValueError("it is no SentencePiece model")


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Read a whole number of 7 bits a byte; return it and where it ends."""
    value = shift = 0
    while at < len(content) and shift < 64:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("it ends too soon")
