"""Mistral's language models (transformers' MistralModel), in the layout of transformers, as far as their layers are used."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.language import LanguageSizes, keys_behind, read_language
from diffusion.checkpoints.part import Part
from diffusion.text.language_model import FreshRotary

HEAD_WIDTH, THETA, EPSILON, POSITIONS = 128, 1e9, 1e-5, 131_072  # Mistral Small 3's config.json


def read_mistral(header: Header, prefix: str, most_layers: int) -> LanguageSizes:
    """Read the sizes; keys begin with the prefix, as in `model.layers.0`. most_layers: those behind are left out."""
    layers = min(most_layers, len(header.numbers(f"{prefix}layers.", ".self_attn.q_proj.weight")))
    return read_language(header, prefix, head_width=HEAD_WIDTH, layers=layers)


def mistral_part(sizes: LanguageSizes, prefix: str) -> Part:
    """Return the model of a file whose keys begin with a prefix."""
    return Part(lambda: build_mistral(sizes), partial(keys_behind, prefix))


def build_mistral(sizes: LanguageSizes) -> nn.Module:
    """Build the layers, without the norm behind the last and without the head."""
    from transformers import MistralConfig, MistralModel
    from transformers.models.mistral.modeling_mistral import MistralRotaryEmbedding

    config = MistralConfig(
        **sizes.settings(),
        max_position_embeddings=POSITIONS,
        rms_norm_eps=EPSILON,
        sliding_window=None,
        rope_parameters={"rope_type": "default", "rope_theta": THETA},
    )
    module: Any = MistralModel(config)
    module.norm = nn.Identity()
    module.rotary_emb = FreshRotary(lambda: MistralRotaryEmbedding(config))
    return module  # type: ignore[no-any-return]
