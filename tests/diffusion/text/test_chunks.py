"""Chunks of 77 tokens: what is kept together, what is split, where embeddings go."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from diffusion.text.chunks import Token, empty_chunk, pack, tokenize_prompt
from diffusion.text.embeddings import find_embedding
from diffusion.text.tokenizer import CHUNK_LENGTH, END, START, ClipTokenizer

WIDTH = 8


def group(length: int, token: int = 320) -> list[Token]:
    return [Token(token)] * length


def values(chunk: tuple[Token, ...]) -> list[object]:
    return [token.value for token in chunk]


def test_the_empty_prompt_is_one_chunk_of_padding() -> None:
    assert values(empty_chunk()) == [START] + [END] * 76


@given(st.lists(st.integers(1, 200), max_size=12))
def test_chunks_hold_all_tokens_in_order(lengths: list[int]) -> None:
    groups = [[Token(number)] * length for number, length in enumerate(lengths)]
    chunks = pack(groups)
    assert {len(chunk) for chunk in chunks} == {CHUNK_LENGTH}
    assert all(chunk[0].value == START and chunk[-1].value == END for chunk in chunks)
    inner = [token for chunk in chunks for token in chunk if token.value not in (START, END)]
    assert inner == [token for part in groups for token in part]


def test_short_groups_move_to_the_next_chunk_whole() -> None:
    first, second = pack([group(70), group(7, 539)])
    assert 539 not in values(first)
    assert values(second)[1:8] == [539] * 7


def test_long_groups_fill_the_chunk_and_go_on() -> None:
    first, second = pack([group(70), group(8, 539)])
    assert values(first)[71:76] == [539] * 5
    assert values(second)[1:5] == [539] * 3 + [END]


def test_padding_has_weight_one(clip_tokenizer: ClipTokenizer) -> None:
    chunk = tokenize_prompt(clip_tokenizer, "(red cat:1.5)")[0]
    assert [token.weight for token in chunk] == [1.0, 1.5, 1.5] + [1.0] * 74


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_file({"emb_params": torch.ones(2, WIDTH)}, tmp_path / "kitten.safetensors")
    return tmp_path


def tokens(prompt: str, tokenizer: ClipTokenizer, folder: Path) -> list[str]:
    """Return the tokens before the padding as text, vectors as <vector>."""
    chunk = tokenize_prompt(tokenizer, prompt, embeddings=find_embedding([folder]), width=WIDTH)[0]
    inner = [token.value for token in chunk if isinstance(token.value, torch.Tensor) or token.value < START]
    return ["<vector>" if isinstance(value, torch.Tensor) else tokenizer.text_of(value)[:-4] for value in inner]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("embedding:kitten", ["<vector>"] * 2),
        ("a embedding:kitten.safetensors cat", ["a", "<vector>", "<vector>", "cat"]),
        ("a embedding:kitten, cat", ["a", "<vector>", "<vector>", ",", "cat"]),
        ("embedding:kitten[cat", ["<vector>", "<vector>", "[", "cat"]),
        ("a embedding:puppy cat", ["a", "cat"]),
        ("embedding:", []),
    ],
)
def test_embeddings_stand_where_they_are_named(
    prompt: str, expected: list[str], clip_tokenizer: ClipTokenizer, folder: Path
) -> None:
    assert tokens(prompt, clip_tokenizer, folder) == expected


def test_embeddings_have_weights(clip_tokenizer: ClipTokenizer, folder: Path) -> None:
    lookup = find_embedding([folder])
    chunk = tokenize_prompt(clip_tokenizer, "(embedding:kitten:0.4)", embeddings=lookup, width=WIDTH)[0]
    assert [token.weight for token in chunk[:4]] == [1.0, 0.4, 0.4, 1.0]


def test_missing_and_unfit_embeddings_are_warned_about_and_left_out(
    clip_tokenizer: ClipTokenizer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert tokens("embedding:puppy", clip_tokenizer, folder) == []
        chunk = tokenize_prompt(clip_tokenizer, "embedding:kitten", embeddings=find_embedding([folder]), width=16)[0]
    assert chunk == empty_chunk()
    assert '"puppy" is not in models/embeddings' in caplog.text
    assert "8 wide, the text encoder wants 16" in caplog.text
    assert 'kitten" is not in' not in caplog.text
