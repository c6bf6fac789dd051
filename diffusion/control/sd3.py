"""ControlNets of Stable Diffusion 3 and 3.5 with diffusers' names (SD3ControlNetModel: InstantX, AliMama and others).

    found = read_sd3_control(header)  # None if the file holds none

They take the picture as a latent from which the mean is not taken off, and no pooled prompt (zeros in its place).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor, nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.mmdit import HEAD_WIDTH, as_parameter
from diffusion.checkpoints.part import Part
from diffusion.control.net import Found, Residuals, Traits
from diffusion.latent_formats import SD3_SCALE
from diffusion.latents import LatentFormat
from diffusion.sd3 import POOLED, STEERED
from diffusion.tokens import whole_patches


class SD3ControlSizes(NamedTuple):
    """What makes one network differ from another; see diffusion.checkpoints.networks.mmdit.MmditSizes."""

    channels: int
    hint_channels: int
    patch: int
    width: int
    layers: int
    context_width: int
    pooled_width: int
    table: int
    dual_layers: tuple[int, ...] = ()
    has_qk_norm: bool = False


@dataclass(frozen=True)
class SD3Control:
    """Calls the network."""

    patch: int

    def call(
        self,
        network: Any,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        hint: Tensor,
        given: Mapping[str, Any],
        type: int | None,
    ) -> Residuals:
        """Return what is added behind blocks."""
        (blocks,) = network(
            whole_patches(x, self.patch),
            whole_patches(hint, self.patch),
            encoder_hidden_states=context,
            pooled_projections=given[POOLED].new_zeros(given[POOLED].shape).to(x.dtype),
            timestep=timestep,
            return_dict=False,
        )
        return Residuals(blocks=tuple(blocks))

    def source(self, block: int, layers: int, samples: int) -> int:
        """Return which sample is added behind a block."""
        return block * samples // layers


def read_sd3_control(header: Header) -> Found | None:
    """Return the network of a file; None if it holds none of Stable Diffusion 3 with diffusers' names."""
    names = (
        "controlnet_blocks.0.weight",
        "pos_embed_input.proj.weight",
        "context_embedder.weight",
        "pos_embed.pos_embed",
    )
    if any(header.shape(name) is None for name in names):
        return None
    sizes = read_sd3_sizes(header)
    part = Part(lambda: build_sd3_control(sizes), lambda module: {name: name for name in module.state_dict()})
    return Found(part, sd3_traits(sizes))


def read_sd3_sizes(header: Header) -> SD3ControlSizes:
    """Read a network's sizes."""
    width, channels, patch, _ = header.required_shape("pos_embed.proj.weight")
    return SD3ControlSizes(
        channels=channels,
        hint_channels=header.required_shape("pos_embed_input.proj.weight")[1],
        patch=patch,
        width=width,
        layers=len(header.numbers("transformer_blocks.", ".attn.to_q.weight")),
        context_width=header.required_shape("context_embedder.weight")[1],
        pooled_width=header.required_shape("time_text_embed.text_embedder.linear_1.weight")[1],
        table=math.isqrt(header.required_shape("pos_embed.pos_embed")[1]),
        dual_layers=tuple(header.numbers("transformer_blocks.", ".attn2.to_q.weight")),
        has_qk_norm=header.shape("transformer_blocks.0.attn.norm_q.weight") is not None,
    )


def sd3_traits(sizes: SD3ControlSizes) -> Traits:
    """Return what its handle is to know of a network."""
    return Traits(
        kind="net",
        hint_channels=sizes.hint_channels,
        channels=sizes.channels,
        context_width=sizes.context_width,
        base=STEERED,
        caller=SD3Control(sizes.patch),
        latent_format=LatentFormat(channels=sizes.channels, scale_factor=SD3_SCALE),
        has_mask=sizes.hint_channels > sizes.channels,
    )


def build_sd3_control(sizes: SD3ControlSizes) -> nn.Module:
    """Build the network."""
    from diffusers import SD3ControlNetModel

    module: Any = SD3ControlNetModel(
        sample_size=sizes.table * sizes.patch,
        patch_size=sizes.patch,
        in_channels=sizes.channels,
        num_layers=sizes.layers,
        attention_head_dim=HEAD_WIDTH,
        num_attention_heads=sizes.width // HEAD_WIDTH,
        joint_attention_dim=sizes.context_width,
        caption_projection_dim=sizes.width,
        pooled_projection_dim=sizes.pooled_width,
        out_channels=sizes.channels,
        pos_embed_max_size=sizes.table,
        extra_conditioning_channels=sizes.hint_channels - sizes.channels,
        dual_attention_layers=sizes.dual_layers,
        qk_norm="rms_norm" if sizes.has_qk_norm else None,
    )
    as_parameter(module.pos_embed, "pos_embed")
    return module  # type: ignore[no-any-return]
