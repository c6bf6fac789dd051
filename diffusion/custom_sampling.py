"""Sampling from parts that are values: noise, a sampler, noise levels.

result = sample_custom(model, positive, negative, latent, noise=SeedNoise(1), sampler=SamplerChoice("euler"),
                       sigmas=sigmas_for("karras", model.parameterization, 20), cfg=8.0)
result.output, result.denoised  # equal when the levels end at 0
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from diffusion.conditioning import Conditioning
from diffusion.denoiser import Callback, Step
from diffusion.forward import LatentNoise
from diffusion.guiders import Guider
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.sampling import SamplerChoice, fit_latent, sample_levels

LEAST_SIGMA = 1e-4  # where levels that run upwards begin, instead of at 0 (ComfyUI)


class Sampled(NamedTuple):
    """The latent after the last level, and the last prediction of the finished latent."""

    output: Latent
    denoised: Latent


def sample_custom(
    model: Model,
    positive: Conditioning,
    negative: Conditioning,
    latent: Latent,
    *,
    noise: LatentNoise,
    sampler: SamplerChoice,
    sigmas: Tensor,
    cfg: float,
    callback: Callback | None = None,
) -> Sampled:
    """Go through `sigmas` with a sampler; no levels give the latent back."""
    guider = Guider(model, positive, negative, cfg)
    return sample_guided(guider, latent, noise=noise, sampler=sampler, sigmas=sigmas, callback=callback)


def sample_guided(
    guider: Guider,
    latent: Latent,
    *,
    noise: LatentNoise,
    sampler: SamplerChoice,
    sigmas: Tensor,
    callback: Callback | None = None,
) -> Sampled:
    """Go through `sigmas` as a guider guides; no levels give the latent back."""
    model = guider.model
    latent = replace(latent, samples=fit_latent(latent.samples, model))
    if len(sigmas) == 0:
        return Sampled(latent, latent)
    last = _LastPrediction(callback)
    samples = sample_levels(guider.sampling(latent, noise.generate(latent), sigmas, sampler, noise.seed, last))
    output = replace(latent, samples=samples, kinds=model.latent_format.kinds)
    if last.denoised is None:
        return Sampled(output, output)
    denoised = model.latent_format.process_out(last.denoised.float()).to(samples.device).view_as(samples)
    return Sampled(output, replace(output, samples=denoised))


class _LastPrediction:
    """A callback that remembers the newest prediction and hands the step on."""

    def __init__(self, callback: Callback | None) -> None:
        self.denoised: Tensor | None = None
        self._callback = callback

    def __call__(self, step: Step) -> None:
        self.denoised = step.denoised
        if self._callback is not None:
            self._callback(step)


class SplitLevels(NamedTuple):
    """Noise levels in two parts that share the level between them."""

    high: Tensor
    low: Tensor


def split_at(sigmas: Tensor, step: int) -> SplitLevels:
    """Split after `step` steps."""
    return SplitLevels(sigmas[: step + 1], sigmas[step:])


def split_by_denoise(sigmas: Tensor, denoise: float) -> SplitLevels:
    """Split so that the low part has the share `denoise` of the steps."""
    steps = max(len(sigmas) - 1, 0)
    low = round(steps * denoise)
    return SplitLevels(sigmas[: len(sigmas) - low] if low else sigmas[:0], sigmas[-(low + 1) :])


def flip(sigmas: Tensor) -> Tensor:
    """Turn the levels round (for adding noise step by step); a first level of 0 becomes a very small one."""
    flipped = sigmas.flip(0)
    if len(flipped) > 0 and flipped[0] == 0:
        flipped[0] = LEAST_SIGMA
    return flipped
