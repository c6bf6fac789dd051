"""Samplers with one prediction a step and no memory but one: Euler's and what descends from it."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed, gaussian_noise
from diffusion.samplers.ancestral import ancestral_split, variance_exploding_split
from diffusion.samplers.exponential import alpha, step_to
from diffusion.samplers.walk import Walk, slope


def euler(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Euler's method on the probability flow (Karras et al. 2022, algorithm 1 without correction); also DDIM."""
    walk = Walk(denoise, sigmas, callback)
    for i, sigma, sigma_next in walk.steps():
        x = x + (sigma_next - sigma) * slope(x, walk.predict(i, x), sigma)
    return x


def euler_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """Euler's method with ancestral noise."""
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        split = ancestral_split(walk.parameterization, sigma, sigma_next, eta)
        x = split.renoise(step_to(x, denoised, sigma, split.down), noise(sigma, sigma_next))
    return x


def euler_ancestral_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """Ancestral Euler steps that renoise with the negative side's noise: CFG++ (Chung et al. 2024, algorithm 2)."""
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised, uncond = walk.predict_guided(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        alpha_s, alpha_t = (alpha(walk.parameterization, level) for level in (sigma, sigma_next))
        level = sigma / alpha_s if alpha_s else math.inf
        split = variance_exploding_split(level, sigma_next / alpha_t, eta)
        x = alpha_t * (denoised + split.down * slope(x, alpha_s * uncond, sigma))
        if eta > 0:
            x = x + alpha_t * split.up * noise(sigma, sigma_next)
    return x


def euler_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """Euler steps with CFG++, without noise."""
    return euler_ancestral_cfg_pp(denoise, x, sigmas, seed=seed, callback=callback, eta=0.0)


def ddpm(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Draw from the posterior of the forward process (Ho et al. 2020, eq. 7), in the scale x = x0 + sigma noise."""
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        ratio = sigma_next / sigma
        x = denoised + ratio**2 * (x - denoised)
        if sigma_next > 0:
            x = x + sigma_next * math.sqrt(max(1.0 - ratio**2, 0.0)) * noise(sigma, sigma_next)
    return x


def lcm(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Jump to the prediction, add fresh noise, again (Song et al. 2023, Consistency Models, algorithm 1)."""
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        x = walk.predict(i, x)
        if sigma_next > 0:
            level = x.new_tensor(sigma_next)
            x = walk.parameterization.noise_scaling(level, noise(sigma, sigma_next), x)
    return x


def gradient_estimation(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    gamma: float = 2.0,
    cfg_pp: bool = False,
) -> Tensor:
    """Euler steps along gamma times the new slope minus (gamma - 1) times the old (Permenter & Yuan 2024, eq. 12)."""
    walk = Walk(denoise, sigmas, callback)
    old: Tensor | None = None
    for i, sigma, sigma_next in walk.steps():
        denoised, reference = walk.predict_guided(i, x) if cfg_pp else (walk.predict(i, x),) * 2
        d = slope(x, reference, sigma)
        if sigma_next == 0:
            x = denoised
            continue
        x = denoised + sigma_next * d
        if old is not None:
            x = x + (gamma - 1.0) * (sigma_next - sigma) * (d - old)
        old = d
    return x


def gradient_estimation_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """The same along the negative side's slope (CFG++)."""
    return gradient_estimation(denoise, x, sigmas, seed=seed, callback=callback, cfg_pp=True)
