"""Qwen3's language models of any size (transformers' Qwen3Model), in the layout of transformers."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.text.language_model import FreshRotary

THETA, EPSILON, POSITIONS = 1e6, 1e-6, 40_960  # of all sizes (their config.json)


class LanguageSizes(NamedTuple):
    """What makes one language model differ from another; key_heads: of keys and values, fewer than those of queries."""

    vocabulary: int
    width: int
    inner_width: int
    layers: int
    heads: int
    key_heads: int
    head_width: int


def read_qwen3(header: Header, prefix: str) -> LanguageSizes:
    """Read the sizes; keys begin with the prefix, as in `model.layers.0`."""
    vocabulary, width = header.required_shape(f"{prefix}embed_tokens.weight")
    first = f"{prefix}layers.0."
    head_width = header.required_shape(f"{first}self_attn.q_norm.weight")[0]
    return LanguageSizes(
        vocabulary=vocabulary,
        width=width,
        inner_width=header.required_shape(f"{first}mlp.gate_proj.weight")[0],
        layers=len(header.numbers(f"{prefix}layers.", ".self_attn.q_norm.weight")),
        heads=header.required_shape(f"{first}self_attn.q_proj.weight")[0] // head_width,
        key_heads=header.required_shape(f"{first}self_attn.k_proj.weight")[0] // head_width,
        head_width=head_width,
    )


def qwen3_part(sizes: LanguageSizes, prefix: str) -> Part:
    """Return the model of a file whose keys begin with a prefix."""
    return Part(lambda: build_qwen3(sizes), lambda module: {name: prefix + name for name in module.state_dict()})


def build_qwen3(sizes: LanguageSizes) -> nn.Module:
    """Build the model, without the head that predicts the next token."""
    from transformers import Qwen3Config, Qwen3Model
    from transformers.models.qwen3.modeling_qwen3 import Qwen3RotaryEmbedding

    config = Qwen3Config(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.width,
        intermediate_size=sizes.inner_width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.key_heads,
        head_dim=sizes.head_width,
        max_position_embeddings=POSITIONS,
        rms_norm_eps=EPSILON,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
    )
    module: Any = Qwen3Model(config)
    module.rotary_emb = FreshRotary(lambda: Qwen3RotaryEmbedding(config))
    return module  # type: ignore[no-any-return]
