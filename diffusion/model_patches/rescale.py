"""Guidance whose contrast is that of the positive prediction (Lin et al. 2024, section 3.4)."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from diffusion.patches import Guess

LEAST_DEVIATION = 1e-8  # of a flat prediction, so that it may be divided by (ComfyUI)


@dataclass(frozen=True)
class RescaledGuidance:
    """Scales the guided prediction to the standard deviation of the positive one.

    share: how much of that counts, 0 is plain guidance. Done on v for models that add noise, on x0 for flow models.
    """

    share: float

    def combine(self, guess: Guess) -> Tensor:
        """Return the guided latent."""
        if guess.model.parameterization.is_flow:
            return self._rescaled(guess.cond, guess.uncond, guess.cfg, LEAST_DEVIATION)
        level = guess.sigma.view(-1, *[1] * (guess.x.ndim - 1))
        scaled, root = guess.x / (level**2 + 1.0), (level**2 + 1.0).sqrt()
        cond, uncond = ((scaled - denoised) * root / level for denoised in (guess.cond, guess.uncond))
        return scaled - self._rescaled(cond, uncond, guess.cfg, 0.0) * level / root

    def _rescaled(self, cond: Tensor, uncond: Tensor, cfg: float, least: float) -> Tensor:
        guided = uncond + cfg * (cond - uncond)
        dims = tuple(range(1, cond.ndim))
        ratio = cond.std(dim=dims, keepdim=True) / guided.std(dim=dims, keepdim=True).clamp(min=least)
        return self.share * (guided * ratio) + (1.0 - self.share) * guided
