"""Adams-Bashforth methods in sigma: the slope is the polynomial through the last slopes.

They differ in how the polynomial is integrated: exactly (lms), as if steps were equal (ipndm), by a published formula
(ipndm_v), over the time of the VP process (deis).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed
from diffusion.samplers.exponential import interpolation_weights, weighted_sum
from diffusion.samplers.walk import Walk, slope

Weights = Callable[[Sequence[float]], Sequence[float]]
"""From levels (next, present, one before, …) to the weight of each slope (present, one before, …), steps included."""

ADAMS_BASHFORTH = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
DEIS_POINTS = 10_000  # of the sum that stands for the integral
DEIS_LEVELS = (0.002, 80.0)  # the noise levels at the ends of the VP process (EDM's)
DEIS_FIRST_TIME = 1e-3


def adams_bashforth(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, callback: Callback | None, order: int, weights: Weights
) -> Tensor:
    """Go along the last `order` slopes; the last step, to 0, jumps to the prediction."""
    walk = Walk(denoise, sigmas, callback)
    slopes: list[Tensor] = []
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        slopes = [slope(x, denoised, sigma), *slopes][:order]
        if sigma_next == 0:
            x = denoised
        else:
            past = walk.levels[max(i + 1 - order, 0) : i + 2][::-1]
            x = x + weighted_sum(weights(past), slopes)
    return x


def lms(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Linear multistep of order 4 with exact weights for unequal steps."""
    return adams_bashforth(denoise, x, sigmas, callback, 4, _exact_weights)


def ipndm(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Use order 4 with the weights for equal steps (Liu et al. 2022, PNDM; Zhang & Chen 2023)."""
    return adams_bashforth(denoise, x, sigmas, callback, 4, _equal_step_weights)


def ipndm_v(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """Use the weights for unequal steps of diff-sampler (Zhou et al. 2024); only those of order 2 are exact."""
    return adams_bashforth(denoise, x, sigmas, callback, 4, _diff_sampler_weights)


def deis(denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None) -> Tensor:
    """Use order 3 with the polynomial in the time of the VP process: tAB-DEIS (Zhang & Chen 2023, eq. 15)."""
    return adams_bashforth(denoise, x, sigmas, callback, 3, _deis_weights)


def _exact_weights(levels: Sequence[float]) -> Sequence[float]:
    """Integrate over the step, in units of it, from the present level."""
    h = levels[0] - levels[1]
    nodes = [(level - levels[1]) / h for level in levels[1:]]
    return [h * weight for weight in interpolation_weights(nodes, [1.0 / (p + 1) for p in range(len(nodes))])]


def _equal_step_weights(levels: Sequence[float]) -> Sequence[float]:
    return [(levels[0] - levels[1]) * weight for weight in ADAMS_BASHFORTH[len(levels) - 2]]


def _diff_sampler_weights(levels: Sequence[float]) -> Sequence[float]:
    """Build the weights from nested differences of slopes: f, then f01, f012, f0123 with a factor each."""
    steps = [a - b for a, b in pairwise(levels)]
    h = steps[0]
    factors = _difference_factors(steps)
    weights = np.zeros(len(steps))
    for order, factor in enumerate(factors):
        weights[: order + 1] += factor * _scaled_difference(steps, order)
    return [h * float(weight) for weight in weights]


def _difference_factors(steps: Sequence[float]) -> list[float]:
    """Return the factor of each difference; steps: the present one, the one before, …"""
    factors = [1.0]
    h, *past = steps
    if past:
        factors.append(h / past[0] / 2)
    if len(past) > 1:
        h1, h2 = past[:2]
        factors.append((1 - h / (3 * (h + h1)) * (h * (h + h1)) / (h1 * (h1 + h2))) / 2)
    if len(past) > 2:
        h1, h2, h3 = past
        share = (1 - h / (3 * (h + h1))) / 2 + (1 - h / (2 * (h + h1))) * h / (6 * (h + h1 + h2))
        reach = h * (h + h1) * (h + h1 + h2) / (h1 * (h1 + h2) * (h1 + h2 + h3))
        factors.append(share * reach)
    return factors


def _scaled_difference(steps: Sequence[float], order: int) -> NDArray[np.float64]:
    """Return the weights of the slopes in a backward difference that is 1 for the present one."""
    if order == 0:
        return np.array([1.0])
    h1, h2, h3 = (*steps[1:4], *[1.0] * 3)[:3]
    a = h1 / h2
    b = h1 * (h1 + h2) / (h2 * (h2 + h3))
    rows = {
        1: [1.0, -1.0],
        2: [1.0, -(1 + a), a],
        3: [1.0, -(1 + a + b), a + b * (1 + h2 / h3), -b * a],
    }
    return np.array(rows[order])


def _deis_weights(levels: Sequence[float]) -> Sequence[float]:
    """Integrate d sigma / dt times the polynomial in t over the step, as a sum over many points."""
    if len(levels) == 2:
        return [levels[0] - levels[1]]
    slope_of_beta, first_beta = _vp_process()
    next_time, *times = (_vp_time(level, slope_of_beta, first_beta) for level in levels)
    t = np.linspace(times[0], next_time, DEIS_POINTS)
    share = np.exp(-0.5 * t**2 * slope_of_beta - t * first_beta)
    speed = 0.5 * (t * slope_of_beta + first_beta) / np.sqrt(share * (1 - share))
    dt = (next_time - times[0]) / DEIS_POINTS
    return [float(np.sum(speed * _lagrange(times, j, t)) * dt) for j in range(len(times))]


def _vp_process() -> tuple[float, float]:
    """Return beta' and beta(0) of the process that has DEIS_LEVELS at its ends (Karras et al. 2022, appendix C.1)."""
    low, high = (float(np.log(level**2 + 1)) for level in DEIS_LEVELS)
    slope_of_beta = 2 * (low / DEIS_FIRST_TIME - high) / (DEIS_FIRST_TIME - 1)
    return slope_of_beta, high - 0.5 * slope_of_beta


def _vp_time(sigma: float, slope_of_beta: float, first_beta: float) -> float:
    return float((np.sqrt(first_beta**2 + 2 * slope_of_beta * np.log(sigma**2 + 1)) - first_beta) / slope_of_beta)


def _lagrange(nodes: Sequence[float], j: int, t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the polynomial that is 1 at node j and 0 at the others."""
    values = np.ones_like(t)
    for k, node in enumerate(nodes):
        if k != j:
            values = values * (t - node) / (nodes[j] - node)
    return values
