"""Language models read prompts as transformers' own classes compute them, between the tokens of a template."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from torch import nn

from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.fill import fill, open_weights
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.networks.qwen3 import build_qwen3, qwen3_part
from diffusion.errors import DiffusionError
from diffusion.quantize import Precision
from diffusion.text.chat_reader import ChatReader
from diffusion.text.vocabularies import load_tokenizer
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import write_state
from tests.tiny_z_image import TEXT

TEMPLATE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
PROMPT = "a (red:1.3) cat"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer("qwen")


@pytest.fixture(scope="module")
def own() -> Any:
    """Return the model of transformers, with rotary positions of its own."""
    from transformers import Qwen3Model

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: Any = build_qwen3(TEXT)
    plain = Qwen3Model(model.config)
    plain.load_state_dict(model.state_dict())
    return plain.eval()


@pytest.fixture(scope="module")
def loaded(own: Any, tmp_path_factory: pytest.TempPathFactory) -> nn.Module:
    """Return the same model, read from a file in the original layout."""
    keys = qwen3_part(TEXT, "model.").keys(own)
    path = write_state(tmp_path_factory.mktemp("qwen3") / "tiny.safetensors", original_state([(own, keys)]))
    header = read_header(path)
    kind, encoder = encoder_alone(header)
    assert kind == "qwen3_4b"
    return fill(encoder.part, open_weights(header), Precision(), "cpu")


@torch.no_grad()
def states(own: Any, ids: list[int], mask: list[int]) -> Any:
    return own(torch.tensor([ids]), attention_mask=torch.tensor([mask]), output_hidden_states=True).hidden_states


def test_the_state_before_the_last_layer_is_that_of_transformers(
    own: Any, loaded: nn.Module, tokenizer: Tokenizer
) -> None:
    reader = ChatReader(tokenizer, TEMPLATE, taps=(-2,))
    encoded = reader.read(loaded, PROMPT)
    ids = tokenizer.encode(TEMPLATE.replace("{}", PROMPT), add_special_tokens=False).ids
    torch.testing.assert_close(encoded.embedding, states(own, ids, [1] * len(ids))[-2], atol=1e-5, rtol=1e-5)
    assert encoded.pooled is None
    assert encoded.mask is not None
    assert encoded.mask.tolist() == [[1] * len(ids)]


def test_without_taps_the_last_state_is_normed(own: Any, loaded: nn.Module, tokenizer: Tokenizer) -> None:
    encoded = ChatReader(tokenizer, TEMPLATE).read(loaded, PROMPT)
    ids = ChatReader(tokenizer, TEMPLATE).ids(PROMPT)
    torch.testing.assert_close(encoded.embedding, states(own, ids, [1] * len(ids))[-1], atol=1e-5, rtol=1e-5)


def test_states_of_several_layers_lie_side_by_side_and_padding_is_hidden(
    own: Any, loaded: nn.Module, tokenizer: Tokenizer
) -> None:
    reader = ChatReader(tokenizer, TEMPLATE, taps=(1, 2, 3), least=40)
    encoded, ids = reader.read(loaded, PROMPT), reader.ids(PROMPT)
    shown = len(ChatReader(tokenizer, TEMPLATE).ids(PROMPT))
    assert encoded.mask is not None
    assert encoded.mask.tolist() == [[1] * shown + [0] * (40 - shown)]
    expected = torch.cat(states(own, ids, encoded.mask[0].tolist())[1:4], dim=-1)
    torch.testing.assert_close(encoded.embedding, expected, atol=1e-5, rtol=1e-5)


def test_a_layer_asked_for_takes_the_place_of_a_single_tap(own: Any, loaded: nn.Module, tokenizer: Tokenizer) -> None:
    one, three = ChatReader(tokenizer, TEMPLATE, taps=(-2,)), ChatReader(tokenizer, TEMPLATE, taps=(1, 2, 3))
    expected = states(own, one.ids(PROMPT), [1] * len(one.ids(PROMPT)))
    asked = one.read(loaded, PROMPT, layer=-3).embedding
    torch.testing.assert_close(asked, expected[-3], atol=1e-5, rtol=1e-5)
    last = one.read(loaded, PROMPT, layer=-24).embedding
    torch.testing.assert_close(last, expected[-1], atol=1e-5, rtol=1e-5)
    assert torch.equal(three.read(loaded, PROMPT, layer=-3).embedding, three.read(loaded, PROMPT).embedding)


def test_tokens_at_the_start_may_be_dropped(loaded: nn.Module, tokenizer: Tokenizer) -> None:
    whole = ChatReader(tokenizer, TEMPLATE, taps=(-2,)).read(loaded, PROMPT)
    cut = ChatReader(tokenizer, TEMPLATE, taps=(-2,), dropped=lambda ids: 3, is_masked=False).read(loaded, PROMPT)
    assert torch.equal(cut.embedding, whole.embedding[:, 3:])
    assert cut.mask is None


def test_weights_and_braces_are_text_and_escaped_parentheses_plain(tokenizer: Tokenizer) -> None:
    reader = ChatReader(tokenizer, TEMPLATE, start=7)
    written = TEMPLATE.replace("{}", "a (red:1.3) {} (cat)")
    assert reader.ids(r"a (red:1.3) {} \(cat\)") == [7, *tokenizer.encode(written, add_special_tokens=False).ids]


def test_frequencies_are_no_weights_which_may_be_kept_rounded(loaded: nn.Module) -> None:
    assert not list(loaded.buffers())


def test_an_encoder_with_too_few_layers_says_so(loaded: nn.Module, tokenizer: Tokenizer) -> None:
    reader = ChatReader(tokenizer, TEMPLATE, taps=(2, 5))
    with pytest.raises(DiffusionError, match=r"has 4 layers; the family of models reads it after layer 5"):
        reader.read(loaded, PROMPT)
