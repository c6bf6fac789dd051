"""ER-SDE-Solver-3: the reverse SDE with a noise scale of one's own choice (Cui et al. 2023, arXiv 2309.06169)."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed, gaussian_noise
from diffusion.samplers.exponential import alpha
from diffusion.samplers.walk import Walk

INTEGRATION_POINTS = 200


class Integrals(NamedTuple):
    """The weights of the first and second derivative of the prediction."""

    first: float
    second: float


def er_sde(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Algorithm 5: derivatives of the prediction from the last three, in lambda = sigma / alpha."""
    walk, noise = Walk(denoise, denoise.parameterization.finite_snr(sigmas), callback), gaussian_noise(x, seed)
    alphas = [alpha(walk.parameterization, level) for level in walk.levels]
    lambdas = [level / share for level, share in zip(walk.levels, alphas, strict=True)]
    old, old_first = x, x
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        start, end = lambdas[i], lambdas[i + 1]
        ratio = noise_scale(end) / noise_scale(start)
        x = alphas[i + 1] * (ratio * x / alphas[i] + (1.0 - ratio) * denoised)
        if i >= 1:
            weights = _integrals(start, end)
            first = (denoised - old) / (start - lambdas[i - 1])
            x = x + alphas[i + 1] * weights.first * first
            if i >= 2:
                second = (first - old_first) / ((start - lambdas[i - 2]) / 2)
                x = x + alphas[i + 1] * weights.second * second
            old_first = first
        spread = math.sqrt(max(end**2 - (start * ratio) ** 2, 0.0))
        x = x + alphas[i + 1] * spread * noise(sigma, sigma_next)
        old = denoised
    return x


def noise_scale(level: float) -> float:
    """Return phi(lambda) = lambda (exp(lambda^0.3) + 10), the paper's choice (section 4.3)."""
    return level * (math.exp(level**0.3) + 10.0)


def _integrals(start: float, end: float) -> Integrals:
    """Return eq. 22's weights; the integrals of 1 / phi are sums over points, as in the authors' code."""
    dt = end - start
    width = -dt / INTEGRATION_POINTS
    points = [end + k * width for k in range(INTEGRATION_POINTS)]
    first = sum(1.0 / noise_scale(point) for point in points) * width
    second = sum((point - start) / noise_scale(point) for point in points) * width
    return Integrals(dt + first * noise_scale(end), dt**2 / 2 + second * noise_scale(end))
