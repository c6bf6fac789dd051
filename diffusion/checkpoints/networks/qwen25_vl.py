"""Qwen2.5-VL: transformers' Qwen2_5_VLTextModel with its vision part as `visual`, in the layout of its first files."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.language import LanguageSizes
from diffusion.checkpoints.networks.qwen3 import EPSILON, THETA
from diffusion.checkpoints.part import Part
from diffusion.text.language_model import FreshRotary

HEAD_WIDTH, VISION_HEAD_WIDTH = 128, 80  # of all sizes (their config.json)
POSITIONS = 128_000
AXES = (2, 3, 3)  # how rotary positions are shared between time, rows and columns
FULL_EVERY = 8  # of the vision part's blocks, one attends to the whole picture, the others to windows
VISION = "visual."


class VisionSizes(NamedTuple):
    """What makes one vision part differ from another."""

    width: int
    inner_width: int
    blocks: int
    patch: int
    out_width: int


class Qwen25Sizes(NamedTuple):
    """The sizes of both parts; no vision if the file has none."""

    text: LanguageSizes
    vision: VisionSizes | None


def read_qwen25(header: Header, prefix: str) -> Qwen25Sizes:
    """Read the sizes; keys of the text part begin with the prefix, as in `model.layers.0`."""
    vocabulary, width = header.required_shape(f"{prefix}embed_tokens.weight")
    first = f"{prefix}layers.0."
    text = LanguageSizes(
        vocabulary=vocabulary,
        width=width,
        inner_width=header.required_shape(f"{first}mlp.gate_proj.weight")[0],
        layers=len(header.numbers(f"{prefix}layers.", ".self_attn.k_proj.bias")),
        heads=max(1, width // HEAD_WIDTH),
        key_heads=max(1, header.required_shape(f"{first}self_attn.k_proj.bias")[0] // HEAD_WIDTH),
        head_width=HEAD_WIDTH,
    )
    return Qwen25Sizes(text, _read_vision(header, vision_prefix(prefix)))


def _read_vision(header: Header, prefix: str) -> VisionSizes | None:
    patches = header.shape(f"{prefix}patch_embed.proj.weight")
    if patches is None:
        return None
    return VisionSizes(
        width=patches[0],
        inner_width=header.required_shape(f"{prefix}blocks.0.mlp.gate_proj.weight")[0],
        blocks=len(header.numbers(f"{prefix}blocks.", ".attn.qkv.weight")),
        patch=patches[-1],
        out_width=header.required_shape(f"{prefix}merger.mlp.2.weight")[0],
    )


def vision_prefix(prefix: str) -> str:
    """Return what keys of the vision part begin with; it lies beside the text part."""
    return prefix.removesuffix("model.") + VISION


def qwen25_part(sizes: Qwen25Sizes, prefix: str) -> Part:
    """Return the model of a file whose keys begin with a prefix."""

    def key(name: str) -> str:
        is_vision = name.startswith(VISION)
        return vision_prefix(prefix) + name.removeprefix(VISION) if is_vision else prefix + name

    return Part(lambda: build_qwen25(sizes), lambda module: {name: key(name) for name in module.state_dict()})


def build_qwen25(sizes: Qwen25Sizes) -> nn.Module:
    """Build the text part, without the head that predicts the next token, and in it the vision part."""
    from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import (
        Qwen2_5_VLRotaryEmbedding,
        Qwen2_5_VLTextConfig,
        Qwen2_5_VLTextModel,
    )

    text = sizes.text
    config = Qwen2_5_VLTextConfig(
        vocab_size=text.vocabulary,
        hidden_size=text.width,
        intermediate_size=text.inner_width,
        num_hidden_layers=text.layers,
        num_attention_heads=text.heads,
        num_key_value_heads=text.key_heads,
        max_position_embeddings=POSITIONS,
        rms_norm_eps=EPSILON,
        rope_parameters={
            "rope_type": "default",
            "rope_theta": THETA,
            "mrope_section": [text.width // text.heads // 2 * share // sum(AXES) for share in AXES],
        },
    )
    module: Any = Qwen2_5_VLTextModel(config)
    module.rotary_emb = FreshRotary(lambda: Qwen2_5_VLRotaryEmbedding(config))
    if sizes.vision is not None:
        module.visual = _build_vision(sizes.vision)
    return module  # type: ignore[no-any-return]


def _build_vision(sizes: VisionSizes) -> nn.Module:
    from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import (
        Qwen2_5_VisionTransformerPretrainedModel,
        Qwen2_5_VLVisionConfig,
        Qwen2_5_VLVisionRotaryEmbedding,
    )

    config = Qwen2_5_VLVisionConfig(
        depth=sizes.blocks,
        hidden_size=sizes.width,
        intermediate_size=sizes.inner_width,
        num_heads=max(1, sizes.width // VISION_HEAD_WIDTH),
        patch_size=sizes.patch,
        out_hidden_size=sizes.out_width,
        fullatt_block_indexes=list(range(FULL_EVERY - 1, sizes.blocks, FULL_EVERY)),
    )
    module: Any = Qwen2_5_VisionTransformerPretrainedModel._from_config(config)
    module.rotary_pos_emb = FreshRotary(lambda: Qwen2_5_VLVisionRotaryEmbedding(config))
    return module  # type: ignore[no-any-return]
