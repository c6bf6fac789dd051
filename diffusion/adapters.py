"""How the network of a family is called: what it takes besides the noisy latent, the time and the prompt.

    given = adapter.prepare(cond, x.shape)                # once for each prompt of a sampling
    output = adapter.call(backbone, x, timestep, context, given)

Samplers and guidance know networks only through this seam; a family that needs no more than cross-attention is a UNet.
An adapter with `steered_by` passes on what ControlNets of that name add (`steering`, `blocks_of`); one with `begin` gives
another for each sampling, which may remember what steps see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.unclip import picture_vector

Given = Mapping[str, "Tensor | tuple[Tensor, ...]"]
"""By name: tensors (batch, …), or several of them (reference pictures), as the adapter's `call` wants them."""

NOTHING: Given = {}
DOWN, MIDDLE, LEVELS = (  # what networks that steer a U-Net add to it, by the names that diffusers has for them
    "down_block_additional_residuals",
    "mid_block_additional_residual",
    "down_intrablock_additional_residuals",
)
BLOCKS, SINGLES = "controlnet_block_samples", "controlnet_single_block_samples"  # and to transformers, block by block
STEERED_UNET = "unet"  # what U-Nets are steered by


class Adapter(Protocol):
    """Calls the networks of one family. Adapters are frozen values, so that handles can be compared."""

    @property
    def repeats_contexts(self) -> bool:
        """Whether the prompt's tokens may be repeated to the length of another's: plain cross-attention does not notice."""
        ...

    @property
    def planes(self) -> frozenset[str]:
        """The names of what lies in the picture's plane, to be cut where a prompt acts in a rectangle only."""
        ...

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return what a prompt gives the network for latents of `shape`, on the CPU or wherever the prompt has it.

        A first dimension of 1 or of the batch; DiffusionError says what a prompt lacks.
        """
        ...

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output, of the shape of x; all arguments in the network's precision but the timestep."""
        ...


@dataclass(frozen=True)
class UNetAdapter:
    """SD1's: diffusers' UNet2DConditionModel with the prompt in its cross-attention and nothing else."""

    repeats_contexts: bool = True
    planes: frozenset[str] = frozenset()
    steered_by: ClassVar[str] = STEERED_UNET

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return nothing."""
        return NOTHING

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        return call_unet(backbone, x, timestep, context, given)


@dataclass(frozen=True)
class SizedUNetAdapter:
    """SDXL's: a U-Net that is also told the pooled prompt, and the size and crop that the picture seems to come from.

    Podell et al. (2023), section 2.2. Without them in the prompt's extras (`width`, `height`, `crop_w`, `crop_h`,
    `target_width`, `target_height`, in pixels) they are those of the latent. downscale: pixels to a cell. What was seen in
    pictures (diffusion.unclip) takes the place of the pooled prompt.
    """

    downscale: int = 8
    repeats_contexts: bool = True
    planes: frozenset[str] = frozenset()
    steered_by: ClassVar[str] = STEERED_UNET

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return the pooled prompt and six numbers (1, 6): size, crop, target size, each with the height first."""
        pooled = _pooled(cond)
        wanted = cond.extras
        height, width = (
            wanted.get("height", shape[-2] * self.downscale),
            wanted.get("width", shape[-1] * self.downscale),
        )
        numbers = (
            height,
            width,
            wanted.get("crop_h", 0),
            wanted.get("crop_w", 0),
            wanted.get("target_height", height),
            wanted.get("target_width", width),
        )
        return {"text_embeds": pooled, "time_ids": torch.tensor([numbers], dtype=torch.float32)}

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        added = {name: value for name, value in given.items() if name not in (DOWN, MIDDLE, LEVELS)}
        return call_unet(backbone, x, timestep, context, given, added_cond_kwargs=added)


def call_unet(backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given, **beside: Any) -> Tensor:
    """Return the output of a U-Net of diffusers, which takes some arguments beside what all take."""
    output: Tensor = backbone(
        x, timestep.float(), encoder_hidden_states=context, **beside, **steering(given), return_dict=False
    )[0]
    return output


def steering(given: Given) -> dict[str, Any]:
    """Return what a U-Net of diffusers is given of networks that steer it, as its arguments."""
    return {name: _as_argument(given[name]) for name in (DOWN, MIDDLE, LEVELS) if name in given}


def blocks_of(given: Given, name: str, tokens: int | None = None) -> list[Tensor] | None:
    """Return what is added behind each block of a transformer, with nothing for tokens behind those of the latent.

    tokens: how many there are of all pictures.
    """
    samples = given.get(name)
    if samples is None:
        return None
    if tokens is None:
        return list(samples)
    return [functional.pad(each, (0, 0, 0, tokens - each.shape[1])) for each in samples]


def _pooled(cond: Cond) -> Tensor:
    """Return the pooled prompt, or what was seen in the prompt's pictures in its place (SDXL's "revision")."""
    width = None if cond.pooled is None else cond.pooled.shape[-1]
    vector = picture_vector(cond.extras, width)
    pooled = cond.pooled if vector is None else vector[:, : vector.shape[1] // 2]
    if pooled is None:
        raise DiffusionError(
            "This model wants a pooled prompt, and the conditioning has none; encode the prompt with the text encoders "
            "of the same checkpoint."
        )
    return pooled


def _as_argument(value: Tensor | tuple[Tensor, ...]) -> Any:
    return list(value) if isinstance(value, tuple) else value  # diffusers takes lists apart
