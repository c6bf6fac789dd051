"""What networks that go along with a model are shown: pictures as latents, and as tokens for the jobs of a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import torch
from torch import Tensor

from diffusion.models import Vae
from diffusion.resize import repeat_to_batch, resize

RGB = 3


@dataclass(frozen=True, eq=False)
class Shown(ABC):
    """Pictures that become a latent of the size that is sampled, which is kept as long as that stays the same."""

    vae: Vae
    _latents: dict[tuple[int, int], Tensor] = field(default_factory=dict, init=False, repr=False)

    def latent_for(self, x: Tensor) -> Tensor:
        """Return the latent for scaled latents x."""
        rows, columns = x.shape[-2:]
        if (rows, columns) not in self._latents:
            self._latents.clear()
            self._latents[rows, columns] = self.made(rows, columns)
        return self._latents[rows, columns]

    @abstractmethod
    def made(self, rows: int, columns: int) -> Tensor:
        """Return the pictures as a latent (1 or batch, channels, rows, columns) in the model's scale."""

    def pixels(self, image: Tensor, rows: int, columns: int) -> Tensor:
        """Return a picture (batch, height, width, channels) as (batch, 3, height, width) for a latent of a size."""
        scale = self.vae.latent_format.spatial_downscale
        planes = image.movedim(-1, 1)[:, :RGB].float().cpu()
        size = rows * scale, columns * scale
        return planes if planes.shape[-2:] == size else resize(planes, size[1], size[0], "area", crop="center")


def for_jobs(tokens: Tensor, x: Tensor, jobs: int) -> Tensor:
    """Return tokens for latents x (jobs * batch, …), where they are; those of one picture are for all."""
    each = tokens if len(tokens) == 1 else torch.cat([repeat_to_batch(tokens, len(x) // jobs)] * jobs)
    return each.to(x.device)
