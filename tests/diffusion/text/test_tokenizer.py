"""CLIP's tokens: ids that OpenAI's CLIP gives, offline."""

from __future__ import annotations

import pytest

from diffusion.text.tokenizer import CHUNK_LENGTH, END, START, ClipTokenizer

KNOWN = {  # from OpenAI's simple_tokenizer.py with the same merges table
    "a photo of a cat": [320, 1125, 539, 320, 2368],
    "": [],
    "  A   Photo\nOF a CAT ": [320, 1125, 539, 320, 2368],
    "don't": [847, 713],
    "123": [272, 273, 274],
    "<|endoftext|>": [END],
}


@pytest.mark.parametrize("text", KNOWN)
def test_known_ids(text: str, clip_tokenizer: ClipTokenizer) -> None:
    assert clip_tokenizer.encode(text) == KNOWN[text]


def test_any_text_has_tokens(clip_tokenizer: ClipTokenizer) -> None:
    for text in ("naïve café", "猫", "🐱", "\x00\x7f"):
        assert all(0 <= token < START for token in clip_tokenizer.encode(text))
    assert clip_tokenizer.encode("é") == clip_tokenizer.encode("é")


def test_padding_fills_or_cuts_to_a_chunk(clip_tokenizer: ClipTokenizer) -> None:
    short = clip_tokenizer.pad([320, 2368])
    assert short == [START, 320, 2368] + [END] * (CHUNK_LENGTH - 3)
    long = clip_tokenizer.pad([320] * 100)
    assert (len(long), long[0], long[-2], long[-1]) == (CHUNK_LENGTH, START, 320, END)


def test_tokens_can_be_read_back(clip_tokenizer: ClipTokenizer) -> None:
    assert [clip_tokenizer.text_of(token) for token in (320, 2368, START)] == ["a</w>", "cat</w>", "<|startoftext|>"]
