"""ControlNets of Flux.1 (diffusers' FluxControlNetModel): InstantX's and Shakker's with diffusers' names, XLabs' with BFL's.

    found = read_flux_control(header)  # None if the file holds none

The former take the picture as a latent and may know several kinds of pictures; XLabs' take its pixels.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.flux import ROPE_SIXTEENTHS, norm_leaf
from diffusion.checkpoints.networks.flux_keys import flux_keys
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source
from diffusion.control.net import Found, Residuals, Traits, nearest_before
from diffusion.flux import PATCH, STEERED, guided
from diffusion.latent_formats import FLUX
from diffusion.levels import TIMESTEPS
from diffusion.tokens import grid, size_in_patches, tokens_of

HINT_WIDTHS = (16, 16, 16, 16)  # of the network that reads pixels (XLabs); each but the first halves the sides
PIXELS = 16  # on a side of a token
CELLS = PATCH * PATCH  # in a token
RGB = 3


class FluxControlSizes(NamedTuple):
    """What makes one network differ from another; channels are those of tokens. modes: kinds of pictures, 0 for one only."""

    channels: int
    hint_channels: int
    width: int
    head_width: int
    layers: int
    single_layers: int
    context_width: int
    pooled_width: int
    has_guidance: bool
    modes: int = 0
    takes_pixels: bool = False


@dataclass(frozen=True)
class FluxControl:
    """Calls the network. takes_pixels: it is of XLabs, whose few blocks serve those of the model in turn."""

    has_guidance: bool
    takes_pixels: bool = False

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
        """Return what is added behind double and single blocks; without a type a union is told none."""
        places = grid(size_in_patches(x, PATCH), device=x.device)
        mode = None if type is None else torch.full((len(x), 1), type, device=x.device)
        is_untold = network.union and mode is None
        with (
            guided(network, timestep, given, has_guidance=self.has_guidance) as guidance,
            _single_mode(network) if is_untold else nullcontext(),
        ):
            blocks, singles = network(
                tokens_of(x, PATCH),
                hint * 2 - 1 if self.takes_pixels else tokens_of(hint, PATCH),
                mode,
                encoder_hidden_states=context,
                pooled_projections=given["pooled"].to(x.dtype),
                timestep=timestep / TIMESTEPS,
                img_ids=places,
                txt_ids=places.new_zeros(context.shape[1], places.shape[1]),
                guidance=guidance,
                return_dict=False,
            )
        return Residuals(blocks=tuple(blocks or ()), singles=tuple(singles or ()))

    def source(self, block: int, layers: int, samples: int) -> int:
        """Return which sample is added behind a block."""
        return block % samples if self.takes_pixels else nearest_before(block, layers, samples)


@contextmanager
def _single_mode(network: Any) -> Iterator[None]:
    """Let a union work as networks of one kind of picture do."""
    network.union = False
    try:
        yield
    finally:
        network.union = True


def read_flux_control(header: Header) -> Found | None:
    """Return the network of a file; None if it holds none of Flux."""
    if header.shape("controlnet_blocks.0.weight") is None:
        return None
    if header.shape("double_blocks.0.img_attn.norm.key_norm.scale") is not None:
        sizes = _read_xlabs(header)
    elif header.shape("controlnet_x_embedder.weight") and header.shape("time_text_embed.text_embedder.linear_1.weight"):
        sizes = _read_diffusers(header)
    else:
        return None
    norm = norm_leaf(header, "")
    return Found(
        Part(lambda: build_flux_control(sizes), lambda module: flux_control_keys(module, sizes, norm)),
        flux_traits(sizes),
    )


def flux_traits(sizes: FluxControlSizes) -> Traits:
    """Return what its handle is to know of a network."""
    hint_cells = sizes.hint_channels // CELLS
    return Traits(
        kind="union" if sizes.modes else "net",
        hint_channels=RGB if sizes.takes_pixels else hint_cells,
        multiple=PIXELS,
        types=sizes.modes,
        channels=sizes.channels // CELLS,
        context_width=sizes.context_width,
        base=STEERED,
        caller=FluxControl(sizes.has_guidance, sizes.takes_pixels),
        latent_format=None if sizes.takes_pixels else FLUX,
        has_mask=hint_cells > sizes.channels // CELLS,
    )


def _read_diffusers(header: Header) -> FluxControlSizes:
    width, channels = header.required_shape("x_embedder.weight")
    modes = header.shape("controlnet_mode_embedder.weight")
    return FluxControlSizes(
        channels=channels,
        hint_channels=header.required_shape("controlnet_x_embedder.weight")[1],
        width=width,
        head_width=_head_width(header),
        layers=len(header.numbers("transformer_blocks.", ".attn.to_q.weight")),
        single_layers=len(header.numbers("single_transformer_blocks.", ".attn.to_q.weight")),
        context_width=header.required_shape("context_embedder.weight")[1],
        pooled_width=header.required_shape("time_text_embed.text_embedder.linear_1.weight")[1],
        has_guidance=header.shape("time_text_embed.guidance_embedder.linear_1.weight") is not None,
        modes=0 if modes is None else modes[0],
    )


def _head_width(header: Header) -> int:
    """Return the width of a head; some networks have blocks of the second kind only."""
    name = "transformer_blocks.0.attn.norm_q.weight"
    return header.required_shape(name if header.shape(name) else f"single_{name}")[0]


def _read_xlabs(header: Header) -> FluxControlSizes:
    width, channels = header.required_shape("img_in.weight")
    return FluxControlSizes(
        channels=channels,
        hint_channels=header.required_shape("pos_embed_input.weight")[1],
        width=width,
        head_width=header.required_shape("double_blocks.0.img_attn.norm.key_norm.scale")[0],
        layers=len(header.numbers("double_blocks.", ".img_attn.qkv.weight")),
        single_layers=len(header.numbers("single_blocks.", ".linear1.weight")),
        context_width=header.required_shape("txt_in.weight")[1],
        pooled_width=header.required_shape("vector_in.in_layer.weight")[1],
        has_guidance=header.shape("guidance_in.in_layer.weight") is not None,
        takes_pixels=True,
    )


def build_flux_control(sizes: FluxControlSizes) -> nn.Module:
    """Build the network."""
    from diffusers import FluxControlNetModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of diffusers 0.42 about a name that it imports itself
        module: Any = FluxControlNetModel(
            patch_size=PATCH if sizes.takes_pixels else 1,  # others get tokens
            in_channels=sizes.channels,
            num_layers=sizes.layers,
            num_single_layers=sizes.single_layers,
            attention_head_dim=sizes.head_width,
            num_attention_heads=sizes.width // sizes.head_width,
            joint_attention_dim=sizes.context_width,
            pooled_projection_dim=sizes.pooled_width,
            guidance_embeds=sizes.has_guidance,
            axes_dims_rope=[sizes.head_width * part // sum(ROPE_SIXTEENTHS) for part in ROPE_SIXTEENTHS],
            num_mode=sizes.modes or None,
            conditioning_embedding_channels=sizes.hint_channels // CELLS if sizes.takes_pixels else None,
        )
    if sizes.hint_channels != sizes.channels:
        module.controlnet_x_embedder = nn.Linear(sizes.hint_channels, sizes.width)
    return module  # type: ignore[no-any-return]


def flux_control_keys(module: nn.Module, sizes: FluxControlSizes, norm: str = "scale") -> Mapping[str, Source]:
    """Map the names of a network to those of a file. norm: what BFL's layout calls the weights of norms."""
    names = list(module.state_dict())
    if not sizes.takes_pixels:
        return {name: name for name in names}
    own = {name: key for name in names if (key := _xlabs_key(name)) is not None}
    return {**flux_keys((name for name in names if name not in own), width=sizes.width, norm=norm), **own}


def _xlabs_key(name: str) -> str | None:
    """Return the key of what a network has beside Flux's layers."""
    match name.split("."):
        case ["controlnet_x_embedder", leaf]:
            return f"pos_embed_input.{leaf}"
        case ["controlnet_blocks" | "controlnet_single_blocks", *_]:
            return name
        case ["input_hint_block", "conv_in", leaf]:
            return f"input_hint_block.0.{leaf}"
        case ["input_hint_block", "blocks", number, leaf]:
            return f"input_hint_block.{2 * int(number) + 2}.{leaf}"
        case ["input_hint_block", "conv_out", leaf]:
            return f"input_hint_block.{4 * len(HINT_WIDTHS) - 2}.{leaf}"
    return None
