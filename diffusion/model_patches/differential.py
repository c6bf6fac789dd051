"""Differential diffusion: the brighter the mask, the earlier a place begins to change (Levin & Fried 2023)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from diffusion.parameterization import Parameterization


@dataclass(frozen=True)
class DifferentialMask:
    """Lets a place change from the moment when the share of the way that is left is below its mask.

    strength: between 0 and 1 the soft mask is mixed in; 0 counts as 1, as in ComfyUI.
    """

    strength: float = 1.0

    def mask(self, mask: Tensor, sigma: Tensor, sigmas: Tensor, parameterization: Parameterization) -> Tensor:
        """Return the mask for a noise level."""
        lowest = parameterization.sigma_min.to(sigmas)
        end = sigmas[-1] if sigmas[-1] > lowest else lowest
        start_time, end_time, now = (parameterization.timestep(level) for level in (sigmas[0], end, sigma[0]))
        hard = (mask >= (now - end_time) / (start_time - end_time)).to(mask.dtype)
        return self.strength * hard + (1.0 - self.strength) * mask if 0.0 < self.strength < 1.0 else hard
