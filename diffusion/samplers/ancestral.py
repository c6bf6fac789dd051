"""Ancestral steps: go down too far, then add noise up to the next level (Ho et al. 2020; Song et al. 2021, eq. 16).

split = ancestral_split(parameterization, sigma, sigma_next, eta=1.0)
x = split.renoise(step_to(x, denoised, sigma, split.down), noise)
"""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from diffusion.parameterization import Parameterization


class AncestralSplit(NamedTuple):
    """The level to go down to, and what takes x from there to the next level: keep x + up noise."""

    down: float
    up: float
    keep: float = 1.0

    def renoise(self, x: Tensor, noise: Tensor) -> Tensor:
        """Take x from `down` to the next level."""
        return self.keep * x + self.up * noise


def ancestral_split(
    parameterization: Parameterization, sigma: float, sigma_next: float, eta: float = 1.0
) -> AncestralSplit:
    """Split a step; eta 0 adds no noise, 1 as much as the forward process has between the levels."""
    if parameterization.is_flow:
        return _flow_split(sigma, sigma_next, eta)
    return variance_exploding_split(sigma, sigma_next, eta)


def variance_exploding_split(sigma: float, sigma_next: float, eta: float) -> AncestralSplit:
    """Split a step of x = x0 + sigma noise, so that down^2 + up^2 = sigma_next^2."""
    share = 1.0 - (sigma_next / sigma) ** 2
    up = min(sigma_next, eta * sigma_next * math.sqrt(max(share, 0.0)))
    return AncestralSplit(math.sqrt(sigma_next**2 - up**2), up)


def _flow_split(sigma: float, sigma_next: float, eta: float) -> AncestralSplit:
    """Split a step of x = (1 - sigma) x0 + sigma noise; x is scaled, as data and noise must sum to 1."""
    down = sigma_next * (1.0 + (sigma_next / sigma - 1.0) * eta)
    keep = (1.0 - sigma_next) / (1.0 - down)
    return AncestralSplit(down, math.sqrt(max(sigma_next**2 - (down * keep) ** 2, 0.0)), keep)
