"""SA-Solver: a stochastic Adams predictor and corrector (Xue et al. 2023, arXiv 2309.05019), data prediction.

tau scales the noise: where it is 1 the reverse SDE is solved, where 0 the probability flow. There is noise between
20 % and 80 % of the schedule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed, gaussian_noise
from diffusion.parameterization import Parameterization
from diffusion.samplers.exponential import alpha, half_log_snr, interpolation_weights, step_size, weighted_sum
from diffusion.samplers.walk import Walk

PREDICTOR_ORDER, CORRECTOR_ORDER = 3, 4
NOISE_FROM_PERCENT, NOISE_TO_PERCENT = 0.2, 0.8


def sa_solver(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    eta: float = 1.0,
    pece: bool = False,
) -> Tensor:
    """Algorithm 1: predict, evaluate, correct with the same noise; `pece` evaluates the corrected x again."""
    walk, noise = Walk(denoise, denoise.parameterization.finite_snr(sigmas), callback), gaussian_noise(x, seed)
    parameterization, levels = walk.parameterization, walk.levels
    ends_clean = bool(levels[-1] == 0)
    past: list[Tensor] = []
    predicted, tau, added = x, 0.0, 0.0 * x
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, predicted)
        past = [denoised, *past][:CORRECTOR_ORDER]
        remaining = walk.total - i if ends_clean else CORRECTOR_ORDER  # lower orders near 0 are more stable
        if i == 0 or (sigma_next == 0 and not pece):
            x = predicted
        else:
            order = min(CORRECTOR_ORDER, len(past), remaining)
            nodes = levels[i + 1 - order : i + 1][::-1]
            x = _adams_step(parameterization, x, levels[i - 1], sigma, nodes, past[:order], tau) + added
            if pece:
                denoised = walk.at(x, sigma)
                past[0] = denoised
        if sigma_next == 0:
            return denoised
        tau = eta if _has_noise(parameterization, sigma_next) else 0.0
        order = min(PREDICTOR_ORDER, len(past), remaining - 1 if ends_clean else PREDICTOR_ORDER)
        nodes = levels[i + 1 - order : i + 1][::-1]
        predicted = _adams_step(parameterization, x, sigma, sigma_next, nodes, past[:order], tau)
        added = 0.0 * x
        if tau > 0:
            h = step_size(parameterization, sigma, sigma_next)
            spread = math.sqrt(max(-math.expm1(-2 * tau**2 * h), 0.0))
            added = sigma_next * spread * noise(sigma, sigma_next)
            predicted = predicted + added
    return predicted


def sa_solver_pece(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """SA-Solver that evaluates each corrected x again."""
    return sa_solver(denoise, x, sigmas, seed=seed, callback=callback, eta=eta, pece=True)


def _has_noise(parameterization: Parameterization, sigma: float) -> bool:
    first, last = (parameterization.percent_to_sigma(percent) for percent in (NOISE_FROM_PERCENT, NOISE_TO_PERCENT))
    return first >= sigma >= last


def _adams_step(
    parameterization: Parameterization,
    x: Tensor,
    sigma: float,
    sigma_next: float,
    nodes: Sequence[float],
    predictions: Sequence[Tensor],
    tau: float,
) -> Tensor:
    """Integrate the polynomial through predictions at the nodes' lambdas, eq. 14, without noise."""
    h = step_size(parameterization, sigma, sigma_next)
    end = half_log_snr(parameterization, sigma_next)
    places = [half_log_snr(parameterization, node) - end for node in nodes]
    weights = interpolation_weights(places, _exponential_moments(h, 1 + tau**2, len(nodes)))
    decay = sigma_next / sigma * math.exp(-(tau**2) * h)
    return decay * x + alpha(parameterization, sigma_next) * weighted_sum(weights, predictions)


def _exponential_moments(h: float, rate: float, count: int) -> list[float]:
    """Return rate * the integral of exp(rate u) u^p from -h to 0, for p = 0 … count - 1, by parts."""
    moments = [-math.expm1(-rate * h)]
    for p in range(1, count):
        moments.append(-((-h) ** p) * math.exp(-rate * h) - p / rate * moments[-1])
    return moments
