"""Sampling that changes only the masked part: the rest is put back, noised to the present level, before each call.

    denoise = InpaintDenoiser(denoise, mask, latent, noise)

As in RePaint (Lugmayr et al. 2022, algorithm 1, without resampling); the masks may be soft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.denoiser import Denoiser, Guided
from diffusion.parameterization import Parameterization
from diffusion.resize import repeat_to_batch


@dataclass(frozen=True)
class InpaintDenoiser:
    """A denoiser that keeps `latent` where `mask` is 0 and lets the inner one work where it is 1.

    mask, latent, noise: (batch, channels, rows, columns), latent in the model's scale. mask_at: makes another mask of it
    for a noise level; None leaves it.
    """

    inner: Denoiser
    mask: Tensor
    latent: Tensor
    noise: Tensor
    mask_at: Callable[[Tensor, Tensor], Tensor] | None = None

    @property
    def parameterization(self) -> Parameterization:
        """That of the inner denoiser."""
        return self.inner.parameterization

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the denoised latent, the kept part exact."""
        mask = self._mask(sigma)
        return self._restore(self.inner(self._with_known(x, sigma, mask), sigma), mask)

    def guided(self, x: Tensor, sigma: Tensor) -> Guided:
        """Return it with the negative side's prediction, which is left as it is."""
        mask = self._mask(sigma)
        guided = self.inner.guided(self._with_known(x, sigma, mask), sigma)
        return guided._replace(denoised=self._restore(guided.denoised, mask))

    def _mask(self, sigma: Tensor) -> Tensor:
        return self.mask if self.mask_at is None else self.mask_at(self.mask, sigma)

    def _with_known(self, x: Tensor, sigma: Tensor, mask: Tensor) -> Tensor:
        known = self.parameterization.noise_scaling(sigma, self.noise, self.latent)
        return x * mask + known * (1.0 - mask)

    def _restore(self, denoised: Tensor, mask: Tensor) -> Tensor:
        return denoised * mask + self.latent * (1.0 - mask)


def fit_noise_mask(mask: Tensor, like: Tensor) -> Tensor:
    """Return a mask (…, height, width) of any size in the shape of a latent."""
    planes = mask.reshape(-1, 1, *mask.shape[-2:]).to(like.device, torch.float32)
    planes = functional.interpolate(planes, size=like.shape[-2:], mode="bilinear")
    planes = planes.reshape(-1, *[1] * (like.ndim - 3), *like.shape[-2:])  # the same for all channels and frames
    return repeat_to_batch(planes.expand(-1, *like.shape[1:]), like.shape[0])
