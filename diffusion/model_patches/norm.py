"""Guidance that does not make predictions larger than the positive one (Qwen-Image, Lens).

model.with_refinement(LimitedNorm(1.0))       # after guidance, never larger
model.with_guidance(MatchedNorm(1.0))         # in place of guidance, as large as
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.patches import Guess, Hook

NEARLY_ZERO = 1e-8  # beside lengths of vectors that may be 0 (ComfyUI)


@dataclass(frozen=True)
class LimitedNorm:
    """Shortens the guided vector of each cell to the positive prediction's length; strength: a factor on all."""

    strength: float
    needs_uncond: bool = False

    def watch(self) -> Hook | None:
        """Return nothing: the network is not looked into."""
        return None

    def refine(self, guess: Guess, denoised: Tensor, watched: Hook | None) -> Tensor:
        """Return the guided latent, no cell longer than that of the positive prediction."""
        ratio = _length(guess.cond) / (_length(denoised) + NEARLY_ZERO)
        return denoised * ratio.clamp(0.0, 1.0) * self.strength


@dataclass(frozen=True)
class MatchedNorm:
    """Guides the noise, each cell as long as that of the positive prediction; strength: how much of that counts."""

    strength: float

    def combine(self, guess: Guess) -> Tensor:
        """Return the guided latent."""
        cond, uncond = guess.x - guess.cond, guess.x - guess.uncond
        guided = uncond + guess.cfg * (cond - uncond)
        length = _length(guided)
        ratio = torch.where(length > 0, _length(cond) / length.clamp(min=torch.finfo(length.dtype).tiny), 1.0)
        return guess.x - (self.strength * guided * ratio + (1.0 - self.strength) * guided)


def _length(x: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return length
