"""The forward process: adding noise to a latent, as a step of its own (Ho et al. 2020, eq. 4).

noisy = forward_noise(model, latent, seed=0, timestep=500)  # sqrt(abar) x0 + sqrt(1 - abar) eps
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from diffusion.latents import Latent
from diffusion.levels import TIMESTEPS
from diffusion.models import Model
from diffusion.noise import prepare_noise
from diffusion.sampling import model_scale


class LatentNoise(Protocol):
    """What makes noise for a latent."""

    @property
    def seed(self) -> int:
        """The seed that samplers with noise of their own take."""
        ...

    def generate(self, latent: Latent) -> Tensor:
        """Return noise of the latent's shape, on the CPU."""
        ...


@dataclass(frozen=True)
class SeedNoise:
    """Gaussian noise from a seed; the same for the same seed and `batch_index`."""

    seed: int

    def generate(self, latent: Latent) -> Tensor:
        """Return standard normal noise."""
        return prepare_noise(latent.samples, self.seed, latent.batch_index)


@dataclass(frozen=True)
class EmptyNoise:
    """No noise at all."""

    seed: int = 0

    def generate(self, latent: Latent) -> Tensor:
        """Return zeros."""
        return torch.zeros_like(latent.samples, device="cpu")


def forward_noise(model: Model, latent: Latent, seed: int, timestep: int) -> Latent:
    """Return x_t for timestep t of the model's steps; 0 is the latent itself.

    With abar_t = 1 / (1 + sigma_t^2), `scale_input(x0 + sigma_t eps)` is sqrt(abar_t) x0 + sqrt(1 - abar_t) eps: what
    the network sees, of unit variance, so that a VAE can show it. For flow models it is (1 - sigma) x0 + sigma eps.
    """
    if timestep == 0:
        return latent
    parameterization = model.parameterization
    table = parameterization.sigmas.cpu()
    sigma = table[(timestep - 1) * len(table) // TIMESTEPS]  # fewer entries for distilled models
    noise = SeedNoise(seed).generate(latent)
    noisy = parameterization.noise_scaling(sigma, noise, model_scale(model, latent.samples.cpu()), False)
    return replace(latent, samples=model.latent_format.process_out(parameterization.scale_input(noisy, sigma)))


def add_noise(model: Model, latent: Latent, noise: LatentNoise, sigmas: Tensor) -> Latent:
    """Add the noise that lies between the first and the last of `sigmas`, in the scale of samplers (x0 + sigma eps)."""
    if len(sigmas) == 0:
        return latent
    sigma = (sigmas[0] - sigmas[-1]).abs() if len(sigmas) > 1 else sigmas[0]
    start = model_scale(model, latent.samples)
    noisy = model.parameterization.noise_scaling(sigma, noise.generate(latent).to(start.device), start, False)
    samples = model.latent_format.process_out(noisy)
    return replace(latent, samples=torch.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0))
