"""SDE-DPM-Solver++: exponential integrators on the reverse SDE (Lu et al. 2022, arXiv 2211.01095, section 5).

eta scales the noise: 1 is the reverse SDE, 0 the probability flow. Noise is a Brownian path over the levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed, brownian_noise
from diffusion.parameterization import Parameterization
from diffusion.samplers.ancestral import variance_exploding_split
from diffusion.samplers.exponential import alpha, h_phi_1, h_phi_2, h_phi_3, half_log_snr, step_size
from diffusion.samplers.walk import Walk


def dpmpp_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    eta: float = 1.0,
    noise_on_cpu: bool = True,
) -> Tensor:
    """DPM-Solver++(2S) on the SDE: a stage in the middle of lambda, noise at both."""
    if len(sigmas) <= 1:
        return x
    noise = brownian_noise(x, sigmas, seed, on_cpu=noise_on_cpu)
    walk = Walk(denoise, denoise.parameterization.finite_snr(sigmas), callback)
    parameterization = walk.parameterization

    def step(x: Tensor, denoised: Tensor, sigma: float, sigma_next: float) -> Tensor:
        levels = [math.exp(-half_log_snr(parameterization, level)) for level in (sigma, sigma_next)]
        split = variance_exploding_split(levels[0], levels[1], eta)
        alpha_s, alpha_t = alpha(parameterization, sigma), alpha(parameterization, sigma_next)
        ratio = split.down / levels[0]
        stepped = alpha_t / alpha_s * ratio * x + alpha_t * (1.0 - ratio) * denoised
        return stepped + alpha_t * split.up * noise(sigma, sigma_next) if eta > 0 else stepped

    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        middle = _middle(parameterization, sigma, sigma_next)
        x = step(x, walk.at(step(x, denoised, sigma, middle), middle), sigma, sigma_next)
    return x


def _middle(parameterization: Parameterization, sigma: float, sigma_next: float) -> float:
    """Return the level in the middle of lambda, computed in float32.

    A Brownian path is so rough that a level that is another in the last bit gets visibly other noise.
    """
    start, end = (
        parameterization.half_log_snr(torch.tensor(level, dtype=torch.float32)) for level in (sigma, sigma_next)
    )
    return float(parameterization.sigma_of_half_log_snr(start + 0.5 * (end - start)))


def dpmpp_2m_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    eta: float = 1.0,
    noise_on_cpu: bool = True,
    heun: bool = False,
) -> Tensor:
    """DPM-Solver++(2M) on the SDE; the change of the prediction counts as in the midpoint rule or in Heun's."""

    def correction(h: float, past: Sequence[Past]) -> Tensor | float:
        if len(past) < 2:
            return 0.0
        change = (past[0].denoised - past[1].denoised) * (h / past[1].h)
        return (h_phi_2(-h * (eta + 1)) if heun else 0.5 * h_phi_1(-h * (eta + 1))) * change

    return _multistep_sde(denoise, x, sigmas, seed, callback, eta, noise_on_cpu, correction)


def dpmpp_3m_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    eta: float = 1.0,
    noise_on_cpu: bool = True,
) -> Tensor:
    """The same with the change of the change: order 3."""

    def correction(h: float, past: Sequence[Past]) -> Tensor | float:
        if len(past) < 2:
            return 0.0
        r_0 = past[1].h / h
        change = (past[0].denoised - past[1].denoised) / r_0
        if len(past) < 3:
            return h_phi_2(-h * (eta + 1)) * change
        r_1 = past[2].h / h
        change_of_change = (change - (past[1].denoised - past[2].denoised) / r_1) / (r_0 + r_1)
        first = h_phi_2(-h * (eta + 1)) * (change + r_0 * change_of_change)
        return first + h_phi_3(-h * (eta + 1)) * change_of_change

    return _multistep_sde(denoise, x, sigmas, seed, callback, eta, noise_on_cpu, correction)


class Past(NamedTuple):
    """A prediction, and the size in lambda of the step that it was made for."""

    denoised: Tensor
    h: float


Correction = Callable[[float, Sequence[Past]], Tensor | float]
"""From the size of a step and the last predictions (newest first) to what order 1 misses, over -alpha."""


def _multistep_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    seed: Seed,
    callback: Callback | None,
    eta: float,
    noise_on_cpu: bool,
    correction: Correction,
) -> Tensor:
    if len(sigmas) <= 1:
        return x
    noise = brownian_noise(x, sigmas, seed, on_cpu=noise_on_cpu)
    walk = Walk(denoise, denoise.parameterization.finite_snr(sigmas), callback)
    past: list[Past] = []
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        h = step_size(walk.parameterization, sigma, sigma_next)
        past = [Past(denoised, h), *past][:3]
        alpha_t = alpha(walk.parameterization, sigma_next)
        x = sigma_next / sigma * math.exp(-h * eta) * x - alpha_t * h_phi_1(-h * (eta + 1)) * denoised
        x = x - alpha_t * correction(h, past)
        if eta > 0:
            x = x + sigma_next * math.sqrt(max(-math.expm1(-2 * h * eta), 0.0)) * noise(sigma, sigma_next)
    return x
