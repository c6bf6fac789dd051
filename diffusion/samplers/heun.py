"""Samplers with two or three predictions a step in sigma: Heun's method and DPM-Solver-2."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed, gaussian_noise
from diffusion.samplers.ancestral import ancestral_split
from diffusion.samplers.exponential import weighted_sum
from diffusion.samplers.walk import Walk, slope


def heun(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Heun's method: the mean of the slopes at both ends (Karras et al. 2022, algorithm 1)."""
    walk = Walk(denoise, sigmas, callback)
    for i, sigma, sigma_next in walk.steps():
        d = slope(x, walk.predict(i, x), sigma)
        euler = x + (sigma_next - sigma) * d
        if sigma_next != 0:
            d = (d + slope(euler, walk.at(euler, sigma_next), sigma_next)) / 2
        x = x + (sigma_next - sigma) * d
    return x


def heunpp2(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """Heun++ looks up to two levels ahead and weighs later slopes by their noise level over the first one.

    From the sampler of that name in sd-webui-samplers-scheduler (MIT).
    """
    walk = Walk(denoise, sigmas, callback)
    for i, sigma, sigma_next in walk.steps():
        slopes = [slope(x, walk.predict(i, x), sigma)]
        ahead, level = x, sigma
        looked_at = walk.levels[i + 1 : min(i + 3, walk.total)]  # never at the last level
        for later in looked_at:
            ahead, level = ahead + (later - level) * slopes[-1], later
            slopes.append(slope(ahead, walk.at(ahead, later), later))
        shares = [later / (len(slopes) * walk.levels[0]) for later in looked_at]
        x = x + (sigma_next - sigma) * weighted_sum([1.0 - sum(shares), *shares], slopes)
    return x


def dpm_2(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Take the slope in the geometric middle (Lu et al. 2022, DPM-Solver-2; steps as in Karras et al. 2022)."""
    return dpm_2_ancestral(denoise, x, sigmas, seed=seed, callback=callback, eta=0.0)


def dpm_2_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """DPM-Solver-2 with ancestral noise."""
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        split = ancestral_split(walk.parameterization, sigma, sigma_next, eta)
        if split.down == 0:
            x = denoised
            continue
        d = slope(x, denoised, sigma)
        middle = math.sqrt(sigma * split.down)
        x_middle = x + (middle - sigma) * d
        x = x + (split.down - sigma) * slope(x_middle, walk.at(x_middle, middle), middle)
        if eta > 0:
            x = split.renoise(x, noise(sigma, sigma_next))
    return x
