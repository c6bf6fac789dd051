"""Noise levels for a number of steps: ComfyUI's schedules, from the highest level down to 0.

    sigmas = sigmas_for("karras", parameterization, steps=20)  # (21,), float32, the last is 0

A schedule is a function in SCHEDULERS; some give fewer levels than were asked for (beta) or more (ddim_uniform).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from diffusion.names import known_entry
from diffusion.parameterization import Parameterization

Scheduler = Callable[[Parameterization, int], Tensor]

KARRAS_RHO = 7.0  # Karras et al. (2022), table 1
BETA_SHAPE = 0.6  # Lee et al. (2024), arXiv 2407.12173: both parameters of the distribution
LINEAR_SHARE = 0.025  # genmo mochi: how much noise the linear half removes
NEARLY_ZERO = 1e-5


def sigmas_for(name: str, parameterization: Parameterization, steps: int) -> Tensor:
    """Return the noise levels of the schedule of that name; UnknownNameError offers the nearest."""
    return known_entry("scheduler", name, SCHEDULERS)(parameterization, steps)


def simple(parameterization: Parameterization, steps: int) -> Tensor:
    """Pick entries of the table at equal distances, from the end."""
    table = parameterization.sigmas
    stride = len(table) / steps
    return _ending_at_zero([float(table[-(1 + int(step * stride))]) for step in range(steps)])


def ddim_uniform(parameterization: Parameterization, steps: int) -> Tensor:
    """Pick entries of the table at equal whole distances, from the second (Song et al. 2021)."""
    table = parameterization.sigmas
    starts_at_zero = math.isclose(float(table[1]), 0.0, abs_tol=NEARLY_ZERO)
    levels = table[1 :: max(len(table) // (steps + starts_at_zero), 1)].flip(0).cpu()
    return levels if starts_at_zero else torch.cat([levels, torch.zeros(1)])


def normal(parameterization: Parameterization, steps: int, *, with_end: bool = True) -> Tensor:
    """Space timesteps equally; without the end the last is left out instead of the lowest level (sgm_uniform)."""
    first = float(parameterization.timestep(parameterization.sigma_max))
    last = float(parameterization.timestep(parameterization.sigma_min))
    if not with_end:
        return _ending_at_zero(parameterization.sigma(torch.linspace(first, last, steps + 1)[:-1]))
    if math.isclose(float(parameterization.sigma(torch.tensor(last))), 0.0, abs_tol=NEARLY_ZERO):
        return parameterization.sigma(torch.linspace(first, last, steps + 1))
    return _ending_at_zero(parameterization.sigma(torch.linspace(first, last, steps)))


def karras(parameterization: Parameterization, steps: int) -> Tensor:
    """Space sigma^(1/7) equally (Karras et al. 2022, eq. 5)."""
    high, low = (level ** (1 / KARRAS_RHO) for level in _ends(parameterization))
    return _ending_at_zero((high + torch.linspace(0, 1, steps) * (low - high)) ** KARRAS_RHO)


def exponential(parameterization: Parameterization, steps: int) -> Tensor:
    """Space log sigma equally."""
    high, low = (math.log(level) for level in _ends(parameterization))
    return _ending_at_zero(torch.linspace(high, low, steps).exp())


def beta(
    parameterization: Parameterization, steps: int, *, alpha: float = BETA_SHAPE, beta: float = BETA_SHAPE
) -> Tensor:
    """Take more timesteps near both ends, as quantiles of a beta distribution; repeated ones count once."""
    table = parameterization.sigmas
    quantiles = betaincinv(alpha, beta, 1 - np.linspace(0, 1, steps, endpoint=False))
    timesteps = dict.fromkeys(int(t) for t in np.rint(quantiles * (len(table) - 1)))
    return _ending_at_zero([float(table[timestep]) for timestep in timesteps])


def linear_quadratic(parameterization: Parameterization, steps: int) -> Tensor:
    """Remove little noise linearly in the first half, the rest quadratically (genmo mochi)."""
    highest = parameterization.sigma_max.cpu()
    if steps == 1:
        return torch.tensor([1.0, 0.0]) * highest
    linear = steps // 2
    rest = steps - linear
    excess = linear - LINEAR_SHARE * steps
    square = excess / (linear * rest**2)
    slope = LINEAR_SHARE / linear - 2 * excess / rest**2
    removed = [step * LINEAR_SHARE / linear for step in range(linear)]
    removed += [square * step**2 + slope * step + square * linear**2 for step in range(linear, steps)]
    return torch.tensor([1.0 - share for share in [*removed, 1.0]]) * highest


def kl_optimal(parameterization: Parameterization, steps: int) -> Tensor:
    """Space arctan sigma equally (Sabour et al. 2024, Align Your Steps, eq. 50)."""
    high, low = _ends(parameterization)
    return between_angles(low, high, steps)


def between_angles(lowest: float, highest: float, steps: int) -> Tensor:
    """Space arctan sigma equally between two levels, and end at 0."""
    low, high = math.atan(lowest), math.atan(highest)
    share = torch.linspace(0, 1, steps)
    return _ending_at_zero((share * low + (1 - share) * high).tan())


SCHEDULERS: Mapping[str, Scheduler] = MappingProxyType(
    {
        "simple": simple,
        "sgm_uniform": partial(normal, with_end=False),
        "karras": karras,
        "exponential": exponential,
        "ddim_uniform": ddim_uniform,
        "beta": beta,
        "normal": normal,
        "linear_quadratic": linear_quadratic,
        "kl_optimal": kl_optimal,
    }
)


def _ends(parameterization: Parameterization) -> tuple[float, float]:
    return float(parameterization.sigma_max), float(parameterization.sigma_min)


def _ending_at_zero(levels: Tensor | list[float]) -> Tensor:
    return torch.cat([torch.as_tensor(levels, dtype=torch.float32).cpu(), torch.zeros(1)])
