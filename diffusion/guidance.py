"""Classifier-free guidance: one denoiser out of a model and two conditionings (Ho & Salimans 2022, eq. 6).

    denoise = guide(model, positive, negative, latent.shape, cfg=8.0)
    denoised = denoise(x, sigma)  # x: (batch, channels, rows, columns), sigma: (batch,)

What the prompts of a side give is in diffusion.predictions. With cfg = 1 the negative side is not computed. Patches that the
model carries may guide in another way or refine what guidance gave.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from diffusion.conditioning import Conditioning, with_defaults
from diffusion.denoiser import Guided
from diffusion.errors import DiffusionError
from diffusion.models import Model
from diffusion.parameterization import Parameterization
from diffusion.patches import Hook
from diffusion.predictions import predict
from diffusion.regions import Regions, fit_regions

NOTHING_SEEN: Mapping[str, Any] = {}


@dataclass(frozen=True)
class GuidedDenoiser:
    """The denoiser of a model with its prompts, as samplers want it."""

    model: Model
    positive: Regions
    negative: Regions
    cfg: float
    max_jobs: int | None = None  # most jobs in one call of the model; None: all that fit together
    seen: Mapping[str, Any] = field(default_factory=dict)  # extras that every prompt has

    @property
    def parameterization(self) -> Parameterization:
        """How the model's output is to be read."""
        return self.model.parameterization

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the denoised latent."""
        if math.isclose(self.cfg, 1.0) and not self.model.usage.needs_uncond:
            return self._guide(x, sigma, (self.positive,)).denoised
        return self.guided(x, sigma).denoised

    def guided(self, x: Tensor, sigma: Tensor) -> Guided:
        """Return the denoised latent and the negative side's alone, which the cfg_pp samplers need."""
        return self._guide(x, sigma, (self.positive, self.negative))

    def _guide(self, x: Tensor, sigma: Tensor, sides: Sequence[Regions]) -> Guided:
        usage = self.model.usage
        watched = [refinement.watch() for refinement in usage.refinements]
        model = _with_hooks(self.model, [hook for hook in watched if hook is not None])
        cond, *rest = self._sides(model, sides, x, sigma)
        uncond = rest[0] if rest else torch.zeros_like(cond)
        step = GuidanceStep(self, x, sigma, cond, uncond)
        if not rest:
            denoised = cond
        elif usage.guidance is None:
            denoised = uncond + (cond - uncond) * self.cfg
        else:
            denoised = usage.guidance.combine(step)
        for refinement, seen in zip(usage.refinements, watched, strict=True):
            denoised = refinement.refine(step, denoised, seen)
        return Guided(denoised, uncond)

    def _sides(self, model: Model, sides: Sequence[Regions], x: Tensor, sigma: Tensor) -> list[Tensor]:
        """Return what each side gives; all together, unless some have hooks of their own."""
        patch = model.usage.sides
        own = [() if patch is None else patch.hooks(side, sigma) for side in range(len(sides))]
        if not any(own):
            return predict(model, sides, x, sigma, self.max_jobs)
        alone = [[regions if at == side else () for at, regions in enumerate(sides)] for side in range(len(sides))]
        return [
            predict(_with_hooks(model, hooks), alone[side], x, sigma, self.max_jobs)[side]
            for side, hooks in enumerate(own)
        ]


@dataclass(frozen=True)
class GuidanceStep:
    """What patches of guidance see of one step (diffusion.patches.Guess)."""

    denoiser: GuidedDenoiser
    x: Tensor
    sigma: Tensor
    cond: Tensor
    uncond: Tensor

    @property
    def model(self) -> Model:
        """The model."""
        return self.denoiser.model

    @property
    def cfg(self) -> float:
        """The scale of the guidance."""
        return self.denoiser.cfg

    def predict(self, side: int, x: Tensor | None = None, hooks: Sequence[Hook] = ()) -> Tensor:
        """Return what a side gives for another x, or with more hooks in the network."""
        regions = (self.denoiser.positive, self.denoiser.negative)[side]
        return self._predict(_with_hooks(self.model, hooks), regions, self.x if x is None else x)

    def predict_prompt(self, conditioning: Conditioning) -> Tensor:
        """Return what other prompts give."""
        model, shape = self.model, self.x.shape
        regions = _fit(model, with_defaults(conditioning, self.denoiser.seen), (), shape, self.x.device)
        return self._predict(model, regions[0], self.x)

    def _predict(self, model: Model, regions: Regions, x: Tensor) -> Tensor:
        return predict(model, (regions,), x, self.sigma, self.denoiser.max_jobs)[0]


def _with_hooks(model: Model, hooks: Sequence[Hook]) -> Model:
    """Return the model with hooks for one call; its digest no longer counts."""
    return model.with_hooks(*hooks) if hooks else model


def guide(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    shape: Sequence[int],
    cfg: float,
    *,
    device: torch.device | None = None,
    max_jobs: int | None = None,
    seen: Mapping[str, Any] = NOTHING_SEEN,
) -> GuidedDenoiser:
    """Fit both conditionings to a latent of `shape` and return the denoiser.

    seen: extras that prompts get where they have none, besides `prompt_type` ("positive" or "negative"): the `latent_image`
    (in the model's scale), the `denoise_mask` (batch, channels, rows, columns) and the `seed` of the sampling, as ComfyUI
    has them.
    """
    model = model.for_sampling()
    first = with_defaults(positive, {**seen, "prompt_type": "positive"})
    second = with_defaults(negative, {**seen, "prompt_type": "negative"})
    regions = _fit(model, first, second, shape, device)
    return GuidedDenoiser(model, regions[0], regions[1], cfg, max_jobs, seen)


def _fit(
    model: Model, positive: Conditioning, negative: Conditioning, shape: Sequence[int], device: torch.device | None
) -> tuple[Regions, Regions]:
    _check_widths(model, (*positive, *negative))
    return fit_regions(
        positive,
        negative,
        shape,
        model.parameterization,
        device=device,
        dtype=model.dtype,
        adapter=model.adapter,
        model=model,
    )


def _check_widths(model: Model, conditioning: Conditioning) -> None:
    """Refuse prompts whose vectors the network cannot attend to."""
    widths = (cond.embedding.shape[-1] for cond in conditioning)
    other = next((width for width in widths if model.context_width not in (0, width)), None)
    if other is not None:
        raise DiffusionError(
            f"The prompt is in vectors {other} wide; this model, of the family {model.family}, attends to vectors "
            f"{model.context_width} wide. Encode the prompt with the text encoders of the model's family."
        )
