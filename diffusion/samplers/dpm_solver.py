"""DPM-Solver: exponential integrators on the predicted noise (Lu et al. 2022, arXiv 2206.00927).

Time is t = -log sigma; steps of order 1 to 3 (algorithms 1 and 2 there), in a fixed plan or with adaptive size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed
from diffusion.samplers.exponential import h_phi_1, h_phi_2
from diffusion.samplers.walk import Walk, slope

RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 0.05, 0.0078  # table 4 of the paper; the second is 2 / 256
FIRST_STEP = 0.05
LEAST_FACTOR = 0.81  # a step that asks for a smaller next one is done again
TIME_LEFT = 1e-5


@dataclass
class Slopes:
    """The predicted noise at the stages of one step; stages that two orders share are computed once."""

    walk: Walk
    x: Tensor
    start: float
    known: dict[float, Tensor] = field(default_factory=dict)

    def at(self, x: Tensor, time: float) -> Tensor:
        """Return the noise in x at a time."""
        if time not in self.known:
            sigma = math.exp(-time)
            self.known[time] = slope(x, self.walk.at(x, sigma), sigma)
        return self.known[time]

    def first_order(self, end: float) -> Tensor:
        """Return x at the end with DPM-Solver-1."""
        noise = self.at(self.x, self.start)
        return self.x - math.exp(-end) * h_phi_1(end - self.start) * noise

    def second_order(self, end: float, r: float = 1 / 2) -> Tensor:
        """Return x at the end with DPM-Solver-2, one stage after the share r of the step."""
        h, first = end - self.start, self.at(self.x, self.start)
        middle = self.start + r * h
        change = self.at(self.first_order(middle), middle) - first
        return self.first_order(end) - math.exp(-end) / (2 * r) * h_phi_1(h) * change

    def third_order(self, end: float, r_1: float = 1 / 3, r_2: float = 2 / 3) -> Tensor:
        """Return x at the end with DPM-Solver-3."""
        h, first = end - self.start, self.at(self.x, self.start)
        time_1, time_2 = self.start + r_1 * h, self.start + r_2 * h
        change = self.at(self.first_order(time_1), time_1) - first
        x_2 = self.first_order(time_2) - math.exp(-time_2) * (r_2 / r_1) * h_phi_2(r_2 * h) * change
        change = self.at(x_2, time_2) - first
        return self.first_order(end) - math.exp(-end) / r_2 * h_phi_2(h) * change


def dpm_fast(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """DPM-Solver-fast: as many predictions as steps, in steps of order 3 that are equal in log sigma.

    Of the levels only the ends count; it stops at the last above 0.
    """
    walk = Walk(denoise, sigmas, callback)
    if walk.total < 1:
        return x
    start, end = _times(walk)
    orders = _orders(walk.total)
    times = torch.linspace(start, end, len(orders) + 1, dtype=torch.float64).tolist()
    for i, order in enumerate(orders):
        step = Slopes(walk, x, times[i])
        sigma = math.exp(-times[i])
        walk.tell(i, x, x - sigma * step.at(x, times[i]), sigma=sigma, total=len(orders))
        solvers = (step.first_order, step.second_order, step.third_order)
        x = solvers[order - 1](times[i + 1])
    return x


def dpm_adaptive(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """DPM-Solver-23: steps of order 3 whose size follows the difference to order 2 (appendix C).

    Of the levels only the ends count; it stops at the last above 0. Steps that are done again are told, too.
    """
    walk = Walk(denoise, sigmas, callback)
    if walk.total < 1:
        return x
    time, end = _times(walk)
    h, index, previous = math.copysign(FIRST_STEP, end - time), 0, x
    while abs(end - time) > TIME_LEFT:
        reached = min(end, time + h) if h > 0 else max(end, time + h)
        step = Slopes(walk, x, time)
        sigma = math.exp(-time)
        denoised = x - sigma * step.at(x, time)
        low, high = step.second_order(reached, r=1 / 3), step.third_order(reached)
        factor = _size_factor(low, high, previous)
        if factor >= LEAST_FACTOR:
            previous, x, time = low, high, reached
        h *= factor
        walk.tell(index, x, denoised, sigma=math.exp(-time), total=max(walk.total, index + 1))
        index += 1
    return x


def _size_factor(low: Tensor, high: Tensor, previous: Tensor) -> float:
    """Return by how much the next step should be longer; limited softly to 1 ± pi / 2."""
    allowed = (RELATIVE_TOLERANCE * torch.maximum(low.abs(), previous.abs())).clamp(min=ABSOLUTE_TOLERANCE)
    error = float(((low - high) / allowed).square().mean().sqrt())
    return 1.0 + math.atan((1.0 / (error + 1e-8)) ** (1 / 3) - 1.0)


def _times(walk: Walk) -> tuple[float, float]:
    last = walk.levels[-1] or walk.levels[-2]
    return -math.log(walk.levels[0]), -math.log(last)


def _orders(predictions: int) -> list[int]:
    """Return orders that sum to the number of predictions (section 3.4)."""
    threes, rest = divmod(predictions, 3)
    return [3] * (threes - 1) + [2, 1] if rest == 0 else [3] * threes + [rest]
