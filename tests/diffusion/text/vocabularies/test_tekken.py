"""Mistral's tokenizer against byte-pair encoding by ranks, done by hand."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Mapping

import pytest

from diffusion.text.vocabularies.tekken import tekken_tokenizer

MARKS = ("<unk>", "<s>", "[INST]")
OFFSET = 10  # ids kept for marks, more than there are


def tokens() -> list[bytes]:
    words = [b"ca", b"cat", b"at", b" c", b" ca", b" cat", b"ts", b"th", b"he", b"the", "é".encode()]
    return [bytes([byte]) for byte in range(256)] + words


def document(more: Mapping[str, int] | None = None) -> bytes:
    vocabulary = tokens()
    return json.dumps(
        {
            "config": {
                "default_num_special_tokens": OFFSET,
                "default_vocab_size": OFFSET + len(vocabulary),
                **(more or {}),
            },
            "vocab": [
                {"rank": rank, "token_bytes": base64.b64encode(token).decode()} for rank, token in enumerate(vocabulary)
            ],
            "special_tokens": [{"rank": rank, "token_str": mark} for rank, mark in enumerate(MARKS)],
        }
    ).encode()


def by_hand(word: bytes) -> list[int]:
    """Join the two neighbours whose token has the lowest rank until none can be joined."""
    ranks = {token: rank for rank, token in enumerate(tokens())}
    parts = [bytes([byte]) for byte in word]
    while True:
        joined = [(ranks[a + b], at) for at, (a, b) in enumerate(itertools.pairwise(parts)) if a + b in ranks]
        if not joined:
            return [ranks[part] + OFFSET for part in parts]
        _, at = min(joined)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]


@pytest.mark.parametrize("word", ["cat", " cats", "thecat", " é", "caché", "hhe"])
def test_words_are_joined_by_rank(word: str) -> None:
    assert tekken_tokenizer(document()).encode(word).ids == by_hand(word.encode())


def test_words_are_split_first_and_marks_found_in_the_text() -> None:
    encoded = tekken_tokenizer(document()).encode("[INST]the cat1234")
    assert encoded.ids == [2, *by_hand(b"the"), *by_hand(b" cat"), *by_hand(b"1234")]


def test_ranks_past_the_vocabularys_size_are_left_out() -> None:
    tokenizer = tekken_tokenizer(document({"default_vocab_size": OFFSET + 256}))
    assert tokenizer.encode("cat").ids == [OFFSET + byte for byte in b"cat"]
    assert tokenizer.get_vocab_size() == 256 + len(MARKS)
