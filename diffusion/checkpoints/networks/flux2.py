"""The transformer of Flux.2 (diffusers' Flux2Transformer2DModel), in the layout of Black Forest Labs' files.

All sizes are read from shapes. Blocks of one kind share what time does to them; no layer has a bias.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.flux import norm_leaf
from diffusion.checkpoints.networks.flux_keys import flux_keys
from diffusion.checkpoints.networks.shift_first import shift_first
from diffusion.checkpoints.part import Part

AXES = 4  # picture, row, column, place in the text: a quarter of a head each
ROPE_THETA = 2000


class Flux2Sizes(NamedTuple):
    """What makes one Flux.2 differ from another."""

    channels: int
    out_channels: int
    width: int
    inner_width: int
    head_width: int
    layers: int
    single_layers: int
    context_width: int
    has_guidance: bool


def read_flux2(header: Header, prefix: str) -> Flux2Sizes:
    """Read a network's sizes."""
    width, channels = header.required_shape(f"{prefix}img_in.weight")
    norm = f"{prefix}double_blocks.0.img_attn.norm.query_norm.{norm_leaf(header, prefix)}"
    return Flux2Sizes(
        channels=channels,
        out_channels=header.required_shape(f"{prefix}final_layer.linear.weight")[0],
        width=width,
        inner_width=header.required_shape(f"{prefix}double_blocks.0.img_mlp.0.weight")[0] // 2,  # gate and value
        head_width=header.required_shape(norm)[0],
        layers=len(header.numbers(f"{prefix}double_blocks.", ".img_attn.qkv.weight")),
        single_layers=len(header.numbers(f"{prefix}single_blocks.", ".linear1.weight")),
        context_width=header.required_shape(f"{prefix}txt_in.weight")[1],
        has_guidance=f"{prefix}guidance_in.in_layer.weight" in header.tensors,
    )


def flux2_part(sizes: Flux2Sizes, prefix: str, norm: str = "scale") -> Part:
    """Return the network of a file whose keys begin with a prefix."""
    return Part(
        lambda: build_flux2(sizes),
        lambda module: flux_keys(module.state_dict(), width=sizes.width, norm=norm, prefix=prefix),
    )


def build_flux2(sizes: Flux2Sizes) -> nn.Module:
    """Build the backbone."""
    from diffusers import Flux2Transformer2DModel
    from diffusers.models.transformers.transformer_flux2 import Flux2KVAttnProcessor, Flux2KVParallelSelfAttnProcessor

    module: Any = Flux2Transformer2DModel(
        patch_size=1,  # the VAE packs
        in_channels=sizes.channels,
        out_channels=sizes.out_channels,
        num_layers=sizes.layers,
        num_single_layers=sizes.single_layers,
        attention_head_dim=sizes.head_width,
        num_attention_heads=sizes.width // sizes.head_width,
        joint_attention_dim=sizes.context_width,
        mlp_ratio=sizes.inner_width / sizes.width,
        axes_dims_rope=(sizes.head_width // AXES,) * AXES,
        rope_theta=ROPE_THETA,
        guidance_embeds=sizes.has_guidance,
    )
    shift_first(module.norm_out)
    for block in module.transformer_blocks:
        block.attn.set_processor(Flux2KVAttnProcessor())  # those that may keep what they see of references
    for block in module.single_transformer_blocks:
        block.attn.set_processor(Flux2KVParallelSelfAttnProcessor())
    return module  # type: ignore[no-any-return]
