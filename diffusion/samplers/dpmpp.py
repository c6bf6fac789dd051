"""DPM-Solver++, without noise or ancestral: exponential integrators on the prediction (Lu et al. 2022, 2211.01095)."""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed, gaussian_noise
from diffusion.parameterization import Parameterization
from diffusion.samplers.ancestral import ancestral_split, variance_exploding_split
from diffusion.samplers.exponential import half_log_snr, sigma_at, step_to
from diffusion.samplers.walk import Walk, slope

FLOW_MIDDLE_AT_START = 0.9999  # the middle of a step that starts at lambda = -infinity (ComfyUI)


def dpmpp_2s_ancestral(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """DPM-Solver++(2S), algorithm 1, with ancestral noise: one prediction more in the middle of lambda."""
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        split = ancestral_split(walk.parameterization, sigma, sigma_next, eta)
        if split.down == 0:
            x = denoised
        else:
            middle = _middle(walk.parameterization, sigma, split.down)
            x = step_to(x, walk.at(step_to(x, denoised, sigma, middle), middle), sigma, split.down)
        x = split.renoise(x, noise(sigma, sigma_next))
    return x


def dpmpp_2s_ancestral_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """The same with CFG++: x is moved by the difference of both sides.

    For the whole step the negative side is that of the middle, for the half that of the start, as in ComfyUI.
    """
    walk, noise = Walk(denoise, sigmas, callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised, uncond = walk.predict_guided(i, x)
        split = variance_exploding_split(sigma, sigma_next, eta)
        if split.down == 0:
            x = denoised
        else:
            middle = math.sqrt(sigma * split.down)
            half = step_to(x + (denoised - uncond), denoised, sigma, middle)
            second, second_uncond = walk.guided_at(half, middle)
            x = step_to(x + (denoised - second_uncond), second, sigma, split.down)
        if sigma_next > 0:
            x = split.renoise(x, noise(sigma, sigma_next))
    return x


def dpmpp_2m(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """DPM-Solver++(2M), algorithm 2: the prediction is extrapolated from the last two to the middle of the step."""
    walk = Walk(denoise, sigmas, callback)
    old: Tensor | None = None
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if old is None or sigma_next == 0:
            x = step_to(x, denoised, sigma, sigma_next)
        else:
            ahead = _half_step_ratio(walk, i)
            x = step_to(x, denoised + ahead * (denoised - old), sigma, sigma_next)
        old = denoised
    return x


def dpmpp_2m_cfg_pp(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """The same with CFG++: noise comes from the negative side, and so does the old prediction."""
    walk = Walk(denoise, sigmas, callback)
    old_uncond: Tensor | None = None
    for i, sigma, sigma_next in walk.steps():
        denoised, uncond = walk.predict_guided(i, x)
        ratio = sigma_next / sigma
        x = denoised + sigma_next * slope(x, uncond, sigma)
        if old_uncond is not None and sigma_next != 0:
            x = x + (1.0 - ratio) * _half_step_ratio(walk, i) * (denoised - old_uncond)
        old_uncond = uncond
    return x


def _half_step_ratio(walk: Walk, i: int) -> float:
    """Return half of this step over the last one, in log sigma."""
    before, now, after = walk.levels[i - 1 : i + 2]
    return math.log(after / now) / (2.0 * math.log(now / before))


def _middle(parameterization: Parameterization, sigma: float, down: float) -> float:
    """Return the level in the middle of lambda."""
    if parameterization.is_flow and sigma == 1.0:
        return FLOW_MIDDLE_AT_START
    return sigma_at(parameterization, sum(half_log_snr(parameterization, level) for level in (sigma, down)) / 2)
