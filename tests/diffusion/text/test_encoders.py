"""Encoding: agrees with transformers, weights interpolate from the empty prompt, layers count from the end."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from diffusion.clip import Clip
from diffusion.text.embeddings import find_embedding
from diffusion.text.readers import clip_tokenizer
from tests.clips import clip_of

TEXT = "a photo of a cat"


def reference(clip: Clip, text: str) -> torch.Tensor:
    """Return transformers' own output for one chunk."""
    ids = torch.tensor([clip_tokenizer().pad(clip_tokenizer().encode(text))])
    return clip.encoder(ids, output_hidden_states=True)


def test_a_plain_prompt_is_what_transformers_gives(tiny_clip: Clip) -> None:
    cond, expected = tiny_clip.encode(TEXT), reference(tiny_clip, TEXT)
    torch.testing.assert_close(cond.embedding, expected.last_hidden_state)
    torch.testing.assert_close(cond.pooled, expected.pooler_output)


@pytest.mark.parametrize("layer", [-1, -2, -3])
def test_skipped_layers_go_through_the_final_norm(tiny_clip: Clip, layer: int) -> None:
    hidden = reference(tiny_clip, TEXT).hidden_states
    inner = hidden[len(tiny_clip.encoder.encoder.layers) + 1 + layer]
    expected = tiny_clip.encoder.final_layer_norm(inner) if layer != -1 else reference(tiny_clip, TEXT)[0]
    torch.testing.assert_close(tiny_clip.with_layer(layer).encode(TEXT).embedding, expected)


def test_a_layer_that_is_not_there_means_the_last(tiny_clip: Clip) -> None:
    torch.testing.assert_close(tiny_clip.with_layer(-24).encode(TEXT).embedding, tiny_clip.encode(TEXT).embedding)


def test_the_layer_is_part_of_the_digest(tiny_clip: Clip) -> None:
    assert tiny_clip.with_layer(-2).digest != tiny_clip.digest


def test_weights_move_a_token_along_the_line_from_the_empty_prompt(tiny_clip: Clip) -> None:
    plain, empty = tiny_clip.encode("red cat").embedding[0], tiny_clip.encode("").embedding[0]
    for weight in (0.0, 0.5, 1.5, -1.0):
        weighted = tiny_clip.encode(f"(red:{weight}) cat").embedding[0]
        torch.testing.assert_close(weighted[1], empty[1] + weight * (plain[1] - empty[1]))
        for place in (0, 2, 3, 76):
            torch.testing.assert_close(weighted[place], plain[place])


def test_long_prompts_are_encoded_chunk_by_chunk(tiny_clip: Clip) -> None:
    first, second = "cat, " * 37 + "(dog)", "bird"
    cond = tiny_clip.encode(f"{first} (the quick brown fox jumps over it) {second}")
    assert cond.embedding.shape == (1, 154, 64)
    assert cond.pooled.shape == (1, 64)
    torch.testing.assert_close(cond.embedding[0, 77], tiny_clip.encode("").embedding[0, 0])


def test_vectors_of_the_vocabulary_make_the_same_prompt(tiny_clip: Clip, tmp_path: Path) -> None:
    ids = clip_tokenizer().encode("red cat")
    vectors = tiny_clip.encoder.embeddings.token_embedding.weight[ids]
    save_file({"emb_params": vectors.clone()}, tmp_path / "redcat.safetensors")
    clip = clip_of(clip_tokenizer(), tiny_clip.encoder, embeddings=find_embedding([tmp_path]))
    inverted = clip.encode("a embedding:redcat on a mat")
    torch.testing.assert_close(inverted.embedding, clip.encode("a red cat on a mat").embedding)
    torch.testing.assert_close(inverted.pooled, clip.encode("a red cat on a mat").pooled)
