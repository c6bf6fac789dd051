"""RES: second-order exponential multistep that meets the order conditions (Zhang et al. 2023, arXiv 2308.02157)."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed, gaussian_noise
from diffusion.samplers.ancestral import variance_exploding_split
from diffusion.samplers.exponential import h_phi_1, h_phi_2
from diffusion.samplers.walk import Walk, slope


def res_multistep(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    eta: float = 0.0,
    cfg_pp: bool = False,
) -> Tensor:
    """Combine the last two predictions, section 3.2; eta adds ancestral noise, cfg_pp steps along the negative side."""
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    old, old_down = x, math.nan
    for i, sigma, sigma_next in walk.steps():
        denoised, reference = walk.predict_guided(i, x) if cfg_pp else (walk.predict(i, x),) * 2
        split = variance_exploding_split(sigma, sigma_next, eta)
        if i == 0 or split.down == 0:
            x = denoised + split.down * slope(x, reference, sigma)
        else:
            h = math.log(sigma / split.down)
            c_2 = math.log(old_down / walk.levels[i - 1]) / h  # where the old prediction lies, in steps from here
            weight = h_phi_2(-h) / c_2  # of the old one; both are -h times phi
            x = split.down / sigma * (x + (denoised - reference))
            x = x - (h_phi_1(-h) - weight) * reference - weight * old
        if split.up > 0:
            x = split.renoise(x, noise(sigma, sigma_next))
        old, old_down = reference, split.down
    return x


def res_multistep_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """RES with CFG++."""
    return res_multistep(denoise, x, sigmas, seed=seed, callback=callback, cfg_pp=True)


def res_multistep_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """RES with ancestral noise."""
    return res_multistep(denoise, x, sigmas, seed=seed, callback=callback, eta=eta)


def res_multistep_ancestral_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """RES with ancestral noise and CFG++."""
    return res_multistep(denoise, x, sigmas, seed=seed, callback=callback, eta=eta, cfg_pp=True)
