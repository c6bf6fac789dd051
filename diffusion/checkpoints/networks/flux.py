"""The transformer of Flux.1 (diffusers' FluxTransformer2DModel), in the layout of Black Forest Labs' files.

All sizes are read from shapes. A latent becomes tokens of 2x2 cells; models that take more than the noisy latent (fill, depth,
canny) have wider tokens at the input.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.flux_keys import flux_keys
from diffusion.checkpoints.networks.shift_first import shift_first
from diffusion.checkpoints.part import Part

ROPE_SIXTEENTHS = (2, 7, 7)  # of a head: how much of it tells the picture, the row, the column (16, 56, 56 of 128)


class FluxSizes(NamedTuple):
    """What makes one Flux.1 differ from another; channels are those of tokens."""

    in_channels: int
    out_channels: int
    width: int
    head_width: int
    layers: int
    single_layers: int
    context_width: int
    pooled_width: int
    has_guidance: bool


def read_flux(header: Header, prefix: str) -> FluxSizes:
    """Read a network's sizes."""
    width, in_channels = header.required_shape(f"{prefix}img_in.weight")
    norm = f"{prefix}double_blocks.0.img_attn.norm.query_norm.{norm_leaf(header, prefix)}"
    return FluxSizes(
        in_channels=in_channels,
        out_channels=header.required_shape(f"{prefix}final_layer.linear.weight")[0],
        width=width,
        head_width=header.required_shape(norm)[0],
        layers=len(header.numbers(f"{prefix}double_blocks.", ".img_attn.qkv.weight")),
        single_layers=len(header.numbers(f"{prefix}single_blocks.", ".linear1.weight")),
        context_width=header.required_shape(f"{prefix}txt_in.weight")[1],
        pooled_width=header.required_shape(f"{prefix}vector_in.in_layer.weight")[1],
        has_guidance=f"{prefix}guidance_in.in_layer.weight" in header.tensors,
    )


def norm_leaf(header: Header, prefix: str) -> str:
    """Return what a file calls the weights of its norms."""
    return "scale" if f"{prefix}double_blocks.0.img_attn.norm.query_norm.scale" in header.tensors else "weight"


def flux_part(sizes: FluxSizes, prefix: str, norm: str = "scale") -> Part:
    """Return the network of a file whose keys begin with a prefix."""
    return Part(
        lambda: build_flux(sizes),
        lambda module: flux_keys(module.state_dict(), width=sizes.width, norm=norm, prefix=prefix),
    )


def build_flux(sizes: FluxSizes) -> nn.Module:
    """Build the backbone."""
    from diffusers import FluxTransformer2DModel

    module: Any = FluxTransformer2DModel(
        patch_size=1,  # tokens come packed
        in_channels=sizes.in_channels,
        out_channels=sizes.out_channels,
        num_layers=sizes.layers,
        num_single_layers=sizes.single_layers,
        attention_head_dim=sizes.head_width,
        num_attention_heads=sizes.width // sizes.head_width,
        joint_attention_dim=sizes.context_width,
        pooled_projection_dim=sizes.pooled_width,
        guidance_embeds=sizes.has_guidance,
        axes_dims_rope=tuple(sizes.head_width * part // sum(ROPE_SIXTEENTHS) for part in ROPE_SIXTEENTHS),
    )
    shift_first(module.norm_out)
    return module  # type: ignore[no-any-return]
