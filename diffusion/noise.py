"""Noise by seeds, the same as ComfyUI draws.

start = prepare_noise(latent, seed=1)          # what sampling begins with
source = gaussian_noise(x, seed=1)             # what ancestral samplers add
source = brownian_noise(x, sigmas, seed=1)     # for SDE samplers: does not depend on the steps taken
noise = source(sigma, sigma_next)

Samplers take a source of noise in place of a seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

NoiseSource = Callable[[float, float], Tensor]
Seed = int | NoiseSource

SEEDS = 2**64
TREE_DIGITS = 6  # torchsde rounds the ends of its path so, and warns of levels beyond them


def prepare_noise(samples: Tensor, seed: int, batch_index: Sequence[int] | None = None) -> Tensor:
    """Return standard normal noise of the samples' shape, on the CPU.

    With `batch_index` an entry gets the noise that it had at that place of a larger batch.
    """
    generator = torch.Generator("cpu").manual_seed(seed % SEEDS)
    if batch_index is None:
        return torch.randn(samples.shape, generator=generator).to(samples.dtype)
    drawn = [torch.randn(1, *samples.shape[1:], generator=generator) for _ in range(max(batch_index) + 1)]
    return torch.cat([drawn[index] for index in batch_index]).to(samples.dtype)


def gaussian_noise(x: Tensor, seed: Seed) -> NoiseSource:
    """Return a source of independent noise, drawn on x's device.

    On the CPU it takes seed + 1: with the seed itself the first draw would be the noise that sampling began with.
    """
    if not isinstance(seed, int):
        return seed
    on_cpu = x.device.type == "cpu"
    generator = torch.Generator(x.device).manual_seed((seed + on_cpu) % SEEDS)
    return lambda sigma, sigma_next: torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=generator)


def brownian_noise(x: Tensor, sigmas: Tensor, seed: Seed, *, on_cpu: bool = True) -> NoiseSource:
    """Return a source of increments of one Brownian path over the noise levels, each scaled to unit variance.

    The path is a Brownian tree (Li et al. 2020) from the lowest level above 0 to the highest.
    """
    if not isinstance(seed, int):
        return seed
    import torchsde

    device = torch.device("cpu") if on_cpu else x.device
    low, high = float(sigmas[sigmas > 0].min()), float(sigmas.max())
    tree = torchsde.BrownianTree(low, torch.zeros_like(x, device=device), high, entropy=seed)
    first, last = round(low, TREE_DIGITS), round(high, TREE_DIGITS)

    def increment(sigma: float, sigma_next: float) -> Tensor:
        start, end = (min(max(level, first), last) for level in (sigma, sigma_next))
        path: Tensor = tree(start, end) if start < end else -tree(end, start)
        return path.to(x.device, x.dtype) / math.sqrt(abs(sigma_next - sigma))

    return increment
