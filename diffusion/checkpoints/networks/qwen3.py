"""Qwen3's language models of any size (transformers' Qwen3Model), in the layout of transformers."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.language import LanguageSizes, keys_behind, read_language
from diffusion.checkpoints.part import Part
from diffusion.text.language_model import FreshRotary

THETA, EPSILON, POSITIONS = 1e6, 1e-6, 40_960  # of all sizes (their config.json)


def read_qwen3(header: Header, prefix: str) -> LanguageSizes:
    """Read the sizes; keys begin with the prefix, as in `model.layers.0`."""
    head_width = header.required_shape(f"{prefix}layers.0.self_attn.q_norm.weight")[0]
    layers = len(header.numbers(f"{prefix}layers.", ".self_attn.q_norm.weight"))
    return read_language(header, prefix, head_width=head_width, layers=layers)


def qwen3_part(sizes: LanguageSizes, prefix: str) -> Part:
    """Return the model of a file whose keys begin with a prefix."""
    return Part(lambda: build_qwen3(sizes), partial(keys_behind, prefix))


def build_qwen3(sizes: LanguageSizes) -> nn.Module:
    """Build the model, without the head that predicts the next token."""
    from transformers import Qwen3Config, Qwen3Model
    from transformers.models.qwen3.modeling_qwen3 import Qwen3RotaryEmbedding

    config = Qwen3Config(
        **sizes.settings(),
        max_position_embeddings=POSITIONS,
        rms_norm_eps=EPSILON,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
    )
    module: Any = Qwen3Model(config)
    module.rotary_emb = FreshRotary(lambda: Qwen3RotaryEmbedding(config))
    return module  # type: ignore[no-any-return]
