"""What lies beside the latent in the input of a U-Net: a mask and the picture to be filled in, or the picture to be changed.

    adapter = BesideAdapter(UNetAdapter(), Filling(LatentFormat()))

Networks for inpainting (runwayml's of Stable Diffusion 1) take a mask, 1 where something is to be painted, and the latent
of the picture without that part; networks for instructions (Brooks et al. 2023) take the latent of the picture. They are in
the prompt's extras under ComfyUI's names: `concat_mask`, `concat_latent_image`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from diffusion.adapters import Adapter, Given
from diffusion.conditioning import Cond
from diffusion.latents import LatentFormat
from diffusion.resize import resize, spread_to_batch

BESIDE = "c_concat"  # as ComfyUI calls it among what a network is given
GREY = (
    0.8223,
    -0.6876,
    0.6364,
    0.1380,
)  # a grey picture in the scale of SD1's network; ComfyUI takes it for all families


class Beside(Protocol):
    """Finds what a prompt puts beside the latent. Frozen values."""

    def planes(self, cond: Cond, shape: Sequence[int]) -> Tensor:
        """Return the planes (batch, channels, rows, columns) beside latents of a shape."""
        ...


@dataclass(frozen=True)
class Filling:
    """A mask and a picture: the prompt's, else those of the sampling, else all is to be painted."""

    latent_format: LatentFormat

    def planes(self, cond: Cond, shape: Sequence[int]) -> Tensor:
        """Return the mask, rounded, and the picture in the network's scale."""
        mask, picture = cond.extras.get("concat_mask", cond.extras.get("denoise_mask")), self._picture(cond.extras)
        if mask is None or picture is None:
            grey = torch.tensor([GREY[channel % len(GREY)] for channel in range(shape[1])]).view(1, -1, 1, 1)
            return torch.cat((torch.ones(1, 1, 1, 1), grey), dim=1).repeat(shape[0], 1, *shape[-2:])
        plane = mask[:, :1] if mask.ndim == len(shape) else mask.reshape(-1, 1, *mask.shape[-2:])
        return torch.cat((_fit(plane, shape).round().to(picture), _fit(picture, shape)), dim=1)

    def _picture(self, extras: Mapping[str, Any]) -> Tensor | None:
        picture: Tensor | None = extras.get("concat_latent_image")
        return extras.get("latent_image") if picture is None else self.latent_format.process_in(picture)


@dataclass(frozen=True)
class Changing:
    """The picture that an instruction is to change; nothing, if there is none.

    latent_format: of networks that want it in their own scale; those of Brooks et al. take it as the VAE makes it.
    """

    latent_format: LatentFormat | None = None

    def planes(self, cond: Cond, shape: Sequence[int]) -> Tensor:
        """Return the picture."""
        picture: Tensor | None = cond.extras.get("concat_latent_image")
        if picture is None:
            return torch.zeros(tuple(shape))
        return _fit(picture if self.latent_format is None else self.latent_format.process_in(picture), shape)


@dataclass(frozen=True)
class BesideAdapter:
    """Puts planes beside the latent, and calls the network as another adapter does."""

    inner: Adapter
    beside: Beside

    @property
    def repeats_contexts(self) -> bool:
        """As the other."""
        return self.inner.repeats_contexts

    @property
    def planes(self) -> frozenset[str]:
        """What lies in the picture's plane."""
        return self.inner.planes | {BESIDE}

    @property
    def steered_by(self) -> str | None:
        """As the other."""
        return getattr(self.inner, "steered_by", None)

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return the planes with all that the other gives."""
        return {**self.inner.prepare(cond, shape), BESIDE: self.beside.planes(cond, shape)}

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output; x may have the planes already, as packs for ComfyUI put them there."""
        rest = {name: value for name, value in given.items() if name != BESIDE}
        planes = given.get(BESIDE)
        whole = torch.cat((x, planes.to(x)), dim=1) if isinstance(planes, Tensor) else x
        return self.inner.call(backbone, whole, timestep, context, rest)


def _fit(planes: Tensor, shape: Sequence[int]) -> Tensor:
    """Return planes at the size of latents, cut around the middle, for each of them."""
    rows, columns = shape[-2:]
    if planes.shape[-2:] != (rows, columns):
        planes = resize(planes, columns, rows, "bilinear", crop="center")
    return spread_to_batch(planes, shape[0])
