"""Guiders: what one, two and three prompts give, and that they agree with plain guidance where they are plain."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from diffusion.conditioning import Cond, Conditioning
from diffusion.custom_sampling import sample_custom, sample_guided
from diffusion.forward import SeedNoise
from diffusion.guidance import guide
from diffusion.guiders import Guider, dual_guider
from diffusion.latents import Latent
from diffusion.model_patches.norm import LimitedNorm, MatchedNorm
from diffusion.model_patches.rescale import RescaledGuidance
from diffusion.models import Model
from diffusion.sampling import SamplerChoice

SHAPE = (1, 4, 8, 8)
SIGMA = torch.tensor([3.0])


def prompt(seed: int) -> Conditioning:
    return (Cond(torch.randn(1, 7, 32, generator=torch.Generator().manual_seed(seed))),)


FIRST, SECOND, NEGATIVE = prompt(1), prompt(2), prompt(3)
X = torch.randn(SHAPE, generator=torch.Generator().manual_seed(4)) * 3


def denoised(guider: Guider) -> torch.Tensor:
    return guide(guider.model, guider.positive, guider.negative, SHAPE, guider.cfg)(X, SIGMA)


def alone(model: Model, conditioning: Conditioning) -> torch.Tensor:
    return denoised(Guider(model, conditioning))


def test_a_guider_samples_as_the_prompts_themselves(tiny_model: Model) -> None:
    rest: dict[str, Any] = {"sampler": SamplerChoice("euler"), "sigmas": torch.tensor([5.0, 2.0, 0.0])}
    latent, noise = Latent(torch.zeros(SHAPE)), SeedNoise(3)
    guided = sample_guided(Guider(tiny_model, FIRST, NEGATIVE, 3.0), latent, noise=noise, **rest)
    plain = sample_custom(tiny_model, FIRST, NEGATIVE, latent, noise=noise, cfg=3.0, **rest)
    assert torch.equal(guided.output.samples, plain.output.samples)


@pytest.mark.parametrize("is_nested", [False, True])
def test_three_prompts_are_weighed(tiny_model: Model, is_nested: bool) -> None:
    first, second, negative = (alone(tiny_model, each) for each in (FIRST, SECOND, NEGATIVE))
    if is_nested:
        between = second + 2.0 * (first - second)
        expected = negative + 3.0 * (between - negative)
    else:
        expected = negative + 3.0 * (second - negative) + 2.0 * (first - second)
    found = denoised(dual_guider(tiny_model, FIRST, SECOND, NEGATIVE, 2.0, 3.0, is_nested=is_nested))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("is_nested", [False, True])
def test_without_the_negative_prompt_two_are_left(tiny_model: Model, is_nested: bool) -> None:
    guider = dual_guider(tiny_model, FIRST, SECOND, NEGATIVE, 2.0, 1.0, is_nested=is_nested)
    assert (guider.positive, guider.negative, guider.cfg) == (FIRST, SECOND, 2.0)


def test_the_models_own_guidance_acts_between_two_of_the_three(tiny_model: Model) -> None:
    model = tiny_model.with_guidance(RescaledGuidance(0.7))
    lower = denoised(Guider(model, SECOND, NEGATIVE, 3.0))
    expected = lower + (alone(tiny_model, FIRST) - alone(tiny_model, SECOND)) * 2.0
    found = denoised(dual_guider(model, FIRST, SECOND, NEGATIVE, 2.0, 3.0))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def length(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.vector_norm(x, dim=1)


def test_limited_guidance_is_nowhere_longer_than_the_positive_prediction(tiny_model: Model) -> None:
    limited = denoised(Guider(tiny_model.with_refinement(LimitedNorm(1.0)), FIRST, NEGATIVE, 8.0))
    plain, cond = denoised(Guider(tiny_model, FIRST, NEGATIVE, 8.0)), alone(tiny_model, FIRST)
    assert (length(limited) <= length(cond) * 1.0001).all()
    shorter = length(plain) < length(cond)
    torch.testing.assert_close(limited.movedim(1, -1)[shorter], plain.movedim(1, -1)[shorter])


def test_matched_guidance_predicts_noise_as_long_as_the_positive_prediction(tiny_model: Model) -> None:
    matched = denoised(Guider(tiny_model.with_guidance(MatchedNorm(1.0)), FIRST, NEGATIVE, 8.0))
    torch.testing.assert_close(length(X - matched), length(X - alone(tiny_model, FIRST)), atol=1e-4, rtol=1e-4)
    without = denoised(Guider(tiny_model.with_guidance(MatchedNorm(0.0)), FIRST, NEGATIVE, 8.0))
    torch.testing.assert_close(without, denoised(Guider(tiny_model, FIRST, NEGATIVE, 8.0)), atol=1e-4, rtol=1e-4)
