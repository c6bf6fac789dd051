"""Guiders: a model between its prompts as a value, ready to be sampled with any noise, sampler and noise levels.

guider = Guider(model, positive, negative, cfg=4.0)
dual_guider(model, first, second, negative, 7.5, 2.0).model  # carries the guidance of three prompts
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from diffusion.conditioning import Conditioning
from diffusion.denoiser import Callback
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.patches import Guess, Guidance, Hook
from diffusion.sampling import SamplerChoice, Sampling


@dataclass(frozen=True)
class Guider:
    """A model and its prompts; without a negative one, and with cfg 1, the positive acts alone."""

    model: Model
    positive: Conditioning
    negative: Conditioning = ()
    cfg: float = 1.0

    def sampling(
        self,
        latent: Latent,
        noise: Tensor,
        sigmas: Tensor,
        sampler: SamplerChoice,
        seed: int,
        callback: Callback | None = None,
    ) -> Sampling:
        """Return the sampling that this guides."""
        return Sampling(
            self.model, self.positive, self.negative, latent, noise, sigmas, self.cfg, sampler, seed, callback
        )


def dual_guider(
    model: Model,
    first: Conditioning,
    second: Conditioning,
    negative: Conditioning,
    cfg_first: float,
    cfg_second: float,
    *,
    is_nested: bool = False,
) -> Guider:
    """Guide from the negative prompt to the second, and from the second to the first (Brooks et al. 2023, eq. 3).

    is_nested: guide from the negative prompt to what guidance between the other two gives.
    """
    if math.isclose(cfg_second, 1.0):  # then the negative prompt does not count in either
        return Guider(model, first, second, cfg_first)
    guidance = DualGuidance(second, cfg_first, is_nested, model.usage.guidance)
    return Guider(model.with_guidance(guidance), first, negative, cfg_second)


@dataclass(frozen=True)
class DualGuidance:
    """Guidance by three prompts; the third is given here.

    inner: guidance of the model's own, which is done between two of the three, as in ComfyUI.
    """

    second: Conditioning
    cfg_first: float
    is_nested: bool
    inner: Guidance | None = None

    def combine(self, guess: Guess) -> Tensor:
        """Return the guided latent."""
        middle = guess.predict_prompt(self.second)
        if self.is_nested:
            text = self._guided(guess, guess.cond, middle, self.cfg_first)
            return guess.uncond + guess.cfg * (text - guess.uncond)
        return self._guided(guess, middle, guess.uncond, guess.cfg) + (guess.cond - middle) * self.cfg_first

    def _guided(self, guess: Guess, cond: Tensor, uncond: Tensor, cfg: float) -> Tensor:
        if self.inner is None:
            return uncond + (cond - uncond) * cfg
        return self.inner.combine(_Between(guess, cond, uncond, cfg))


@dataclass(frozen=True)
class _Between:
    """A step of guidance between two predictions other than those of its two sides."""

    whole: Guess
    cond: Tensor
    uncond: Tensor
    cfg: float

    @property
    def model(self) -> Model:
        """The model."""
        return self.whole.model

    @property
    def x(self) -> Tensor:
        """The noisy latent."""
        return self.whole.x

    @property
    def sigma(self) -> Tensor:
        """The noise level."""
        return self.whole.sigma

    def predict(self, side: int, x: Tensor | None = None, hooks: Sequence[Hook] = ()) -> Tensor:
        """Return what a side of the whole gives."""
        return self.whole.predict(side, x, hooks)

    def predict_prompt(self, conditioning: Conditioning) -> Tensor:
        """Return what other prompts give."""
        return self.whole.predict_prompt(conditioning)
