"""Sampling from parts agrees with sample(); noise levels are split and turned."""

from __future__ import annotations

import pytest
import torch

from diffusion.conditioning import Cond
from diffusion.custom_sampling import LEAST_SIGMA, flip, sample_custom, split_at, split_by_denoise
from diffusion.forward import EmptyNoise, SeedNoise, add_noise
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.sampling import SamplerChoice, sample, sampling_sigmas

PROMPT = (Cond(torch.ones(1, 7, 32)),)
EMPTY = Latent(torch.zeros(1, 4, 8, 8))
EULER = SamplerChoice("euler")


def test_parts_give_what_sample_gives(tiny_model: Model) -> None:
    sigmas = sampling_sigmas(tiny_model.parameterization, "euler", "normal", 4)
    parts = sample_custom(tiny_model, PROMPT, (), EMPTY, noise=SeedNoise(5), sampler=EULER, sigmas=sigmas, cfg=1.0)
    settings = {"seed": 5, "steps": 4, "cfg": 1.0, "sampler_name": "euler", "scheduler": "normal"}
    whole = sample(tiny_model, PROMPT, (), EMPTY, **settings)
    torch.testing.assert_close(parts.output.samples, whole.samples, atol=0, rtol=0)
    torch.testing.assert_close(parts.denoised.samples, whole.samples, atol=1e-4, rtol=1e-4)


def test_no_levels_give_the_latent_back(tiny_model: Model) -> None:
    result = sample_custom(
        tiny_model, PROMPT, (), EMPTY, noise=EmptyNoise(), sampler=EULER, sigmas=torch.empty(0), cfg=1.0
    )
    assert result.output.samples is EMPTY.samples


def test_noise_can_be_added_before_instead(tiny_model: Model) -> None:
    latent = Latent(torch.ones(1, 4, 8, 8))
    sigmas = sampling_sigmas(tiny_model.parameterization, "euler", "normal", 4, 0.5)
    parts = {"sampler": EULER, "sigmas": sigmas, "cfg": 1.0}
    inside = sample_custom(tiny_model, PROMPT, (), latent, noise=SeedNoise(5), **parts).output
    before = add_noise(tiny_model, latent, SeedNoise(5), sigmas)
    outside = sample_custom(tiny_model, PROMPT, (), before, noise=EmptyNoise(), **parts).output
    torch.testing.assert_close(outside.samples, inside.samples, atol=1e-4, rtol=1e-4)


def test_split_levels_share_the_level_between_them() -> None:
    sigmas = torch.arange(8.0, -1.0, -1.0)
    for parts in (split_at(sigmas, 6), split_by_denoise(sigmas, 0.25)):
        assert parts.high.tolist() == [8, 7, 6, 5, 4, 3, 2]
        assert parts.low.tolist() == [2, 1, 0]


@pytest.mark.parametrize("denoise", [0.0, 1.0])
def test_all_levels_can_be_on_one_side(denoise: float) -> None:
    parts = split_by_denoise(torch.tensor([2.0, 1.0, 0.0]), denoise)
    assert [len(parts.high), len(parts.low)] == ([0, 1] if denoise == 0 else [1, 3])


def test_flipped_levels_begin_above_zero() -> None:
    assert flip(torch.tensor([2.0, 1.0, 0.0])).tolist() == pytest.approx([LEAST_SIGMA, 1, 2])
    assert len(flip(torch.empty(0))) == 0
