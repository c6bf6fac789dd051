"""Noise levels made and changed without a model's schedule.

sigmas_from_text("1, 0.5, 0")  # tensor([1.0, 0.5, 0.0])
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from diffusion.parameterization import Parameterization

NUMBER = re.compile(r"[-+]?(?:\d*\.?\d+)")
FLUX2_PATCH = 16  # pixels on a side of one token
FLUX2_LARGE = 4300  # tokens from which the number of steps no longer counts (BFL's flux2, sampling.py)
FLUX2_SLOPE_200, FLUX2_START_200 = 0.00016927, 0.45666666  # a fit for 200 steps (likewise)
FLUX2_SLOPE_10, FLUX2_START_10 = 8.73809524e-05, 1.89833333  # and for 10
TURBO_TIMESTEPS = 10  # that distilled networks of Sauer et al. (2023) know

Spacing = Callable[[Tensor], Tensor]
SPACINGS: Mapping[str, Spacing] = {
    "linear": lambda way: way,
    "cosine": lambda way: torch.sin(way * math.pi / 2),
    "sine": lambda way: 1 - torch.cos(way * math.pi / 2),
}


def sigmas_from_text(text: str) -> Tensor:
    """Return the numbers of a text; whatever is between them does not count."""
    return torch.tensor([float(number) for number in NUMBER.findall(text)], dtype=torch.float32)


def with_first(sigmas: Tensor, sigma: float) -> Tensor:
    """Return the levels beginning at another one; no levels stay none."""
    return torch.cat([sigmas.new_tensor([sigma]), sigmas[1:]]) if len(sigmas) else sigmas


def extended(sigmas: Tensor, steps: int, start: float, end: float, spacing: str) -> Tensor:
    """Put levels into each step that begins between `end` and `start` (below 0: anywhere above), so that it is `steps`."""
    ways = SPACINGS[spacing](torch.linspace(0, 1, steps + 1)[1:-1])
    highest = math.inf if start < 0 else start
    levels: list[Tensor] = []
    for index, sigma in enumerate(sigmas):
        levels.append(sigma.reshape(1))
        if index + 1 < len(sigmas) and end <= float(sigma) <= highest:
            levels.append(ways * (sigmas[index + 1] - sigma) + sigma)
    return torch.cat(levels).float() if levels else sigmas


def flux2(steps: int, width: int, height: int) -> Tensor:
    """Return Flux.2's schedule for pictures of a size: flow levels moved by the number of tokens and steps (BFL's flux2)."""
    tokens = round(width * height / FLUX2_PATCH**2)
    mu = FLUX2_SLOPE_200 * tokens + FLUX2_START_200
    if tokens <= FLUX2_LARGE:
        mu_10 = FLUX2_SLOPE_10 * tokens + FLUX2_START_10
        slope = (mu - mu_10) / 190.0
        mu = slope * steps + mu - 200.0 * slope
    time = torch.linspace(1, 0, steps + 1)
    return math.exp(mu) / (math.exp(mu) + (1 / time - 1))


def turbo(parameterization: Parameterization, steps: int, denoise: float) -> Tensor:
    """Return the levels of every hundredth timestep from the last, as distilled networks know them, and 0."""
    first = TURBO_TIMESTEPS - int(TURBO_TIMESTEPS * denoise)
    timesteps = torch.flip(torch.arange(1, TURBO_TIMESTEPS + 1) * 100 - 1, (0,))[first : first + steps]
    sigmas = parameterization.sigma(timesteps)
    return torch.cat([sigmas, sigmas.new_zeros(1)])
