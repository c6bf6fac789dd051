"""The transformer of Qwen-Image (diffusers' QwenImageTransformer2DModel), whose files have diffusers' names."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.qwen_places import PATCH, Places, axes_of

LAYERED_KEY = "time_text_embed.addition_t_embedding.weight"


class QwenImageSizes(NamedTuple):
    """What makes one transformer differ from another. is_layered: it makes pictures of several layers (Qwen-Image Layered)."""

    in_channels: int
    out_channels: int
    width: int
    head_width: int
    layers: int
    context_width: int
    is_layered: bool = False


def read_qwen_image(header: Header, prefix: str) -> QwenImageSizes:
    """Read the sizes; keys begin with the prefix."""
    width, in_channels = header.required_shape(f"{prefix}img_in.weight")
    return QwenImageSizes(
        in_channels=in_channels,
        out_channels=header.required_shape(f"{prefix}proj_out.weight")[0] // PATCH**2,
        width=width,
        head_width=header.required_shape(f"{prefix}transformer_blocks.0.attn.norm_q.weight")[0],
        layers=len(header.numbers(f"{prefix}transformer_blocks.", ".attn.to_q.weight")),
        context_width=header.required_shape(f"{prefix}txt_in.weight")[1],
        is_layered=prefix + LAYERED_KEY in header.tensors,
    )


def qwen_image_part(sizes: QwenImageSizes, prefix: str) -> Part:
    """Return the transformer of a file whose keys begin with a prefix."""
    return Part(lambda: build_qwen_image(sizes), lambda module: {name: prefix + name for name in module.state_dict()})


def build_qwen_image(sizes: QwenImageSizes) -> nn.Module:
    """Build the transformer."""
    from diffusers import QwenImageTransformer2DModel

    module: Any = QwenImageTransformer2DModel(
        patch_size=PATCH,
        in_channels=sizes.in_channels,
        out_channels=sizes.out_channels,
        num_layers=sizes.layers,
        attention_head_dim=sizes.head_width,
        num_attention_heads=sizes.width // sizes.head_width,
        joint_attention_dim=sizes.context_width,
        axes_dims_rope=axes_of(sizes.head_width),
        use_additional_t_cond=sizes.is_layered,
    )
    module.pos_embed = Places(sizes.head_width)
    return module  # type: ignore[no-any-return]
