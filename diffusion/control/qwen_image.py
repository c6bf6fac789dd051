"""ControlNets of Qwen-Image (diffusers' QwenImageControlNetModel: InstantX's union and inpainting), with diffusers' names.

    found = read_qwen_control(header)  # None if the file holds none

They take the picture as a latent; unions find out themselves what kind of picture it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor, nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.control.net import Found, Residuals, Traits, nearest_before
from diffusion.flux import exact_time
from diffusion.latent_formats import WAN
from diffusion.levels import TIMESTEPS
from diffusion.qwen_image import STEERED
from diffusion.qwen_places import PATCH, Piece, Places, Shape, axes_of
from diffusion.text.readers import ATTENTION_MASK
from diffusion.tokens import size_in_patches, tokens_of

CELLS = PATCH * PATCH  # in a token


class QwenControlSizes(NamedTuple):
    """What makes one network differ from another; channels are those of tokens."""

    channels: int
    hint_channels: int
    width: int
    head_width: int
    layers: int
    context_width: int


@dataclass(frozen=True)
class QwenControl:
    """Calls the network."""

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
        time = timestep / TIMESTEPS
        with exact_time(network.time_text_embed, time):
            blocks = network(
                tokens_of(x, PATCH),
                tokens_of(hint, PATCH),
                encoder_hidden_states=context,
                encoder_hidden_states_mask=given.get(ATTENTION_MASK),
                timestep=time,
                img_shapes=[[Shape(Piece(*size_in_patches(x, PATCH)))]] * len(x),
                return_dict=False,
            )
        return Residuals(blocks=tuple(blocks))

    def source(self, block: int, layers: int, samples: int) -> int:
        """Return which sample is added behind a block."""
        return nearest_before(block, layers, samples)


def read_qwen_control(header: Header) -> Found | None:
    """Return the network of a file; None if it holds none of Qwen-Image."""
    names = (
        "controlnet_blocks.0.weight",
        "controlnet_x_embedder.weight",
        "transformer_blocks.0.img_mlp.net.0.proj.weight",
    )
    if any(header.shape(name) is None for name in names):
        return None
    sizes = read_qwen_sizes(header)
    part = Part(lambda: build_qwen_control(sizes), lambda module: {name: name for name in module.state_dict()})
    return Found(part, qwen_traits(sizes))


def read_qwen_sizes(header: Header) -> QwenControlSizes:
    """Read a network's sizes."""
    width, channels = header.required_shape("img_in.weight")
    return QwenControlSizes(
        channels=channels,
        hint_channels=header.required_shape("controlnet_x_embedder.weight")[1],
        width=width,
        head_width=header.required_shape("transformer_blocks.0.attn.norm_q.weight")[0],
        layers=len(header.numbers("transformer_blocks.", ".attn.to_q.weight")),
        context_width=header.required_shape("txt_in.weight")[1],
    )


def qwen_traits(sizes: QwenControlSizes) -> Traits:
    """Return what its handle is to know of a network."""
    return Traits(
        kind="net",
        hint_channels=sizes.hint_channels // CELLS,
        channels=sizes.channels // CELLS,
        context_width=sizes.context_width,
        base=STEERED,
        caller=QwenControl(),
        latent_format=WAN,
        has_mask=sizes.hint_channels > sizes.channels,
    )


def build_qwen_control(sizes: QwenControlSizes) -> nn.Module:
    """Build the network."""
    from diffusers import QwenImageControlNetModel

    module: Any = QwenImageControlNetModel(
        patch_size=PATCH,
        in_channels=sizes.channels,
        num_layers=sizes.layers,
        attention_head_dim=sizes.head_width,
        num_attention_heads=sizes.width // sizes.head_width,
        joint_attention_dim=sizes.context_width,
        axes_dims_rope=axes_of(sizes.head_width),
        extra_condition_channels=sizes.hint_channels - sizes.channels,
    )
    module.pos_embed = Places(sizes.head_width)
    return module  # type: ignore[no-any-return]
