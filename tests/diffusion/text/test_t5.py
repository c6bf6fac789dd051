"""T5's reader: agrees with transformers, pads, masks, weighs against the empty prompt, counts layers from the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from diffusion.checkpoints.networks.t5 import T5Sizes, build_t5
from diffusion.text.embeddings import find_embedding
from diffusion.text.t5 import T5Reader
from diffusion.text.vocabularies import load_tokenizer

SIZES = T5Sizes(32_128, width=32, inner_width=48, layers=3, heads=4, head_width=8)
TEXT = "a photo of a cat"
LENGTH = 12


@pytest.fixture(scope="module", params=[False, True], ids=["t5", "umt5"])
def encoder(request: pytest.FixtureRequest) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = build_t5(SIZES._replace(is_umt5=request.param))
        for name, weight in module.named_parameters():
            nn.init.normal_(weight, 1.0 if "norm" in name else 0.0, 0.2)
    return module.eval().requires_grad_(False)


def reader(**settings: Any) -> T5Reader:
    return T5Reader(load_tokenizer("t5"), **{"min_length": LENGTH, **settings})


def ids(text: str, length: int = LENGTH) -> Tensor:
    found = load_tokenizer("t5").encode(text).ids
    return torch.tensor([found + [0] * (length - len(found))])


def test_a_prompt_is_what_transformers_gives_for_it_and_its_padding(encoder: Any) -> None:
    encoded = reader().read(encoder, TEXT)
    assert encoded.pooled is None
    assert encoded.embedding.shape == (1, LENGTH, SIZES.width)
    torch.testing.assert_close(encoded.embedding, encoder(ids(TEXT)).last_hidden_state)


def test_long_prompts_are_one_row_and_not_padded(encoder: Any) -> None:
    text = "a cat on a mat, " * 9
    expected = encoder(ids(text)).last_hidden_state
    torch.testing.assert_close(reader().read(encoder, text).embedding, expected)
    assert expected.shape[1] > LENGTH


@pytest.mark.parametrize("layer", [-1, -2, -3])
def test_skipped_layers_go_through_the_final_norm(encoder: Any, layer: int) -> None:
    hidden = encoder(ids(TEXT), output_hidden_states=True).hidden_states[layer]
    expected = hidden if layer == -1 else encoder.final_layer_norm(hidden)
    torch.testing.assert_close(reader().read(encoder, TEXT, layer=layer).embedding, expected)


def test_a_layer_that_is_not_there_means_the_last(encoder: Any) -> None:
    plain = reader().read(encoder, TEXT).embedding
    torch.testing.assert_close(reader().read(encoder, TEXT, layer=-9).embedding, plain)


def test_weights_move_a_token_along_the_line_from_the_empty_prompt(encoder: Any) -> None:
    plain, empty = (reader().read(encoder, text).embedding[0] for text in ("red cat", ""))
    for weight in (0.0, 0.5, 1.5):
        weighted = reader().read(encoder, f"(red:{weight}) cat").embedding[0]
        torch.testing.assert_close(weighted[0], empty[0] + weight * (plain[0] - empty[0]))
        torch.testing.assert_close(weighted[1:], plain[1:])


def test_masked_padding_changes_nothing_and_is_zero(encoder: Any) -> None:
    masked, bare = (reader(is_masked=True, min_length=length).read(encoder, TEXT).embedding for length in (LENGTH, 0))
    torch.testing.assert_close(masked[:, : bare.shape[1]], bare)
    assert not masked[:, bare.shape[1] :].any()
    assert not torch.allclose(reader().read(encoder, TEXT).embedding[:, : bare.shape[1]], bare)


def test_other_families_pad_and_end_with_tokens_of_their_own(encoder: Any) -> None:
    row = reader(padding=1, end=2).tokens("cat", find_embedding([]), SIZES.width)
    assert [token.value for token in row[1:]] == [2] + [1] * (LENGTH - 2)


def test_vectors_of_the_vocabulary_make_the_same_prompt(encoder: Any, tmp_path: Path) -> None:
    vectors = encoder.embed_tokens.weight[ids("red cat")[0, :2]]
    save_file({"clip_l": torch.zeros(2, 8), "t5xxl": vectors.clone()}, tmp_path / "redcat.safetensors")
    inverted = reader().read(encoder, "a embedding:redcat on a mat", embeddings=find_embedding([tmp_path]))
    torch.testing.assert_close(inverted.embedding, reader().read(encoder, "a red cat on a mat").embedding)
