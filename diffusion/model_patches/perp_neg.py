"""Guidance by the part of the negative prompt that is perpendicular to the positive one (Armandpour et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from diffusion.conditioning import Conditioning
from diffusion.patches import Guess


@dataclass(frozen=True)
class PerpendicularNegative:
    """Guides from an empty prompt towards the positive one, away from what is peculiar to the negative one."""

    empty: Conditioning
    negative_scale: float

    def combine(self, guess: Guess) -> Tensor:
        """Return the guided latent."""
        empty = guess.predict_prompt(self.empty)
        positive, negative = guess.cond - empty, guess.uncond - empty
        perpendicular: Tensor = negative - (negative * positive).sum() / positive.norm() ** 2 * positive
        guided: Tensor = empty + guess.cfg * (positive - self.negative_scale * perpendicular)
        return guided
