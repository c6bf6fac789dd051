"""sample(): seeds, steps, partial denoising, masks and cancelling, on a small random U-Net."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from diffusion.conditioning import Cond, Conditioning
from diffusion.denoiser import Step
from diffusion.errors import DiffusionError
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.sampling import choose_steps, fit_empty, is_max_denoise, sample, sampling_sigmas

SETTINGS = {"seed": 1, "steps": 6, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal"}


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


POSITIVE: Conditioning = (Cond(randn(1, 7, 32)),)
NEGATIVE: Conditioning = (Cond(randn(1, 7, 32, seed=1)),)
EMPTY = Latent(torch.zeros(1, 4, 8, 8))


def run(model: Model, latent: Latent = EMPTY, **changes: Any) -> torch.Tensor:
    return sample(model, POSITIVE, NEGATIVE, latent, **{**SETTINGS, **changes}).samples


def test_the_seed_decides_the_result(tiny_model: Model) -> None:
    torch.testing.assert_close(run(tiny_model), run(tiny_model), atol=0, rtol=0)
    assert not torch.allclose(run(tiny_model), run(tiny_model, seed=2))


def test_the_result_depends_on_both_prompts_and_cfg(tiny_model: Model) -> None:
    base = run(tiny_model)
    assert not torch.allclose(base, run(tiny_model, cfg=4.0))
    assert not torch.allclose(base, sample(tiny_model, NEGATIVE, POSITIVE, EMPTY, **SETTINGS).samples)


def test_the_result_is_in_the_scale_of_the_vae(tiny_model: Model) -> None:
    unscaled = replace(tiny_model, latent_format=replace(tiny_model.latent_format, scale_factor=1.0))
    scale = tiny_model.latent_format.scale_factor
    torch.testing.assert_close(run(tiny_model) * scale, run(unscaled))


def test_steps_can_be_shared_between_samplers(tiny_model: Model) -> None:
    whole = run(tiny_model)
    first = Latent(run(tiny_model, start_step=0, last_step=2))
    second = run(tiny_model, first, start_step=2, last_step=10_000, disable_noise=True, force_full_denoise=True)
    torch.testing.assert_close(second, whole, atol=1e-4, rtol=1e-4)


def test_a_last_step_without_noise_ends_at_the_prediction(tiny_model: Model) -> None:
    steps: list[Step] = []
    result = run(tiny_model, last_step=3, force_full_denoise=True, callback=steps.append)
    assert len(steps) == 3
    torch.testing.assert_close(tiny_model.latent_format.process_in(result), steps[-1].denoised, atol=1e-4, rtol=1e-4)


def test_nothing_left_to_do_returns_the_latent(tiny_model: Model) -> None:
    latent = Latent(randn(1, 4, 8, 8))
    assert run(tiny_model, latent, denoise=0.0) is latent.samples
    assert run(tiny_model, latent, start_step=6) is latent.samples


def test_less_denoise_stays_nearer_to_the_latent(tiny_model: Model) -> None:
    latent = Latent(randn(1, 4, 8, 8) * 5)
    distances = [float((run(tiny_model, latent, denoise=d) - latent.samples).norm()) for d in (0.1, 0.4, 0.9)]
    assert distances == sorted(distances)


def test_partial_denoising_takes_the_end_of_a_longer_schedule(tiny_model: Model) -> None:
    parameterization = tiny_model.parameterization
    part = sampling_sigmas(parameterization, "euler", "normal", 5, 0.5)
    torch.testing.assert_close(part, sampling_sigmas(parameterization, "euler", "normal", 10)[-6:])


@pytest.mark.parametrize("name", ["dpm_2", "uni_pc"])
def test_some_samplers_skip_the_last_level_but_one(tiny_model: Model, name: str) -> None:
    usual = sampling_sigmas(tiny_model.parameterization, "euler", "normal", 7)
    skipping = sampling_sigmas(tiny_model.parameterization, name, "normal", 6)
    torch.testing.assert_close(skipping, torch.cat([usual[:-2], usual[-1:]]))


def test_levels_are_chosen_by_step_numbers() -> None:
    sigmas = torch.tensor([4.0, 3.0, 2.0, 1.0, 0.0])
    assert choose_steps(sigmas, 1, 3).tolist() == [3, 2, 1]
    assert choose_steps(sigmas, 1, 3, force_full_denoise=True).tolist() == [3, 2, 0]
    assert choose_steps(sigmas, None, None).tolist() == sigmas.tolist()
    assert choose_steps(sigmas, 0, 4).tolist() == sigmas.tolist()
    assert choose_steps(sigmas, 4, 4).tolist() == []
    assert sigmas.tolist() == [4, 3, 2, 1, 0]


def test_own_levels_replace_the_schedule(tiny_model: Model) -> None:
    sigmas = sampling_sigmas(tiny_model.parameterization, "euler", "normal", 6)
    torch.testing.assert_close(run(tiny_model, sigmas=sigmas, steps=99), run(tiny_model), atol=0, rtol=0)


def test_an_entry_of_a_batch_can_be_made_again_alone(tiny_model: Model) -> None:
    whole = run(tiny_model, Latent(torch.zeros(3, 4, 8, 8), batch_index=(0, 1, 2)))
    alone = run(tiny_model, Latent(torch.zeros(1, 4, 8, 8), batch_index=(1,)))
    torch.testing.assert_close(alone[0], whole[1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("sampler", ["euler", "ddim"])
def test_a_noise_mask_keeps_what_it_does_not_cover(tiny_model: Model, sampler: str) -> None:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 32:] = 1
    latent = Latent(randn(1, 4, 8, 8), noise_mask=mask)
    result = run(tiny_model, latent, sampler_name=sampler)
    torch.testing.assert_close(result[..., :4], latent.samples[..., :4], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(result[..., 4:], latent.samples[..., 4:], atol=0.1)


def test_the_mask_and_the_index_stay_with_the_latent(tiny_model: Model) -> None:
    latent = Latent(torch.zeros(1, 4, 8, 8), noise_mask=torch.ones(1, 1, 64, 64), batch_index=(3,))
    result = sample(tiny_model, POSITIVE, NEGATIVE, latent, **SETTINGS)
    assert result.noise_mask is latent.noise_mask
    assert result.batch_index == (3,)


def test_every_step_is_told(tiny_model: Model) -> None:
    steps: list[Step] = []
    run(tiny_model, callback=steps.append)
    assert [(step.index, step.total) for step in steps] == [(index, 6) for index in range(6)]
    assert all(step.denoised.shape == (1, 4, 8, 8) for step in steps)


def test_a_callback_that_raises_ends_the_sampling(tiny_model: Model) -> None:
    told = []

    def cancel(step: Step) -> None:
        told.append(step.index)
        if step.index == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tiny_model, callback=cancel)
    assert told == [0, 1, 2]


def test_an_empty_latent_of_other_channels_is_fitted() -> None:
    assert fit_empty(torch.zeros(1, 4, 8, 8), 16).shape == (1, 16, 8, 8)
    filled = randn(1, 4, 8, 8)
    assert fit_empty(filled, 16) is filled


def test_full_denoising_is_seen_by_the_first_level(tiny_model: Model) -> None:
    parameterization = tiny_model.parameterization
    assert is_max_denoise(parameterization, sampling_sigmas(parameterization, "euler", "normal", 6))
    assert not is_max_denoise(parameterization, sampling_sigmas(parameterization, "euler", "normal", 6, 0.5))


@pytest.mark.parametrize("shape", [(1, 8, 8, 8), (1, 4, 2, 8, 8)])
def test_a_latent_of_another_kind_is_refused_with_both_shapes(shape: tuple[int, ...], tiny_model: Model) -> None:
    with pytest.raises(DiffusionError) as error:
        run(tiny_model, Latent(torch.ones(shape)))
    assert f"has the shape {shape}; this model works on (batch, 4, height, width)" in str(error.value)
