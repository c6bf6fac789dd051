"""Noise levels: tables grow, timesteps go there and back, zero-SNR tables end at (nearly) infinite noise."""

from __future__ import annotations

import pytest
import torch

from diffusion.levels import AngularLevels, DiscreteLevels, FlowLevels, Levels
from diffusion.parameterization import LCM_STRIDE, Parameterization

ALL: dict[str, Levels] = {
    "discrete": DiscreteLevels(),
    "zero snr": DiscreteLevels(zsnr=True),
    "distilled": DiscreteLevels(stride=LCM_STRIDE),
    "angular": AngularLevels(0.03, 500.0),
    "flow": FlowLevels(3.0),
}


@pytest.mark.parametrize("name", ALL)
def test_tables_grow_and_know_their_ends(name: str) -> None:
    levels = ALL[name]
    assert levels.sigmas.diff().gt(0).all()
    assert levels.percent_to_sigma(1.0) == 0.0
    assert levels.percent_to_sigma(0.0) >= float(levels.sigmas[-1])
    shares = [levels.percent_to_sigma(percent) for percent in (0.2, 0.5, 0.8)]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("name", ["discrete", "zero snr", "distilled", "angular"])
def test_levels_go_to_timesteps_and_back(name: str) -> None:
    levels = ALL[name]
    some = levels.sigmas[[1, 10, 40]]
    torch.testing.assert_close(levels.sigma(levels.timestep(some)), some, rtol=1e-4, atol=1e-6)


def test_zero_snr_ends_at_infinite_noise_and_begins_where_it_did() -> None:
    plain, moved = DiscreteLevels().sigmas, DiscreteLevels(zsnr=True).sigmas
    assert moved[-1] > 4000 > 20 > plain[-1]
    torch.testing.assert_close(moved[0], plain[0])
    assert (moved >= plain - 1e-6).all()


def test_distilled_models_know_every_twentieth_level() -> None:
    distilled, plain = DiscreteLevels(stride=LCM_STRIDE), DiscreteLevels()
    assert torch.equal(distilled.sigmas, plain.sigmas[19::20])
    assert torch.equal(distilled.timestep(distilled.sigmas), torch.arange(19, 1000, 20))


def test_the_angle_of_infinite_noise_is_a_right_angle() -> None:
    angular = AngularLevels(0.03, 500.0)
    torch.testing.assert_close(angular.timestep(torch.tensor([0.0, 1.0, 1e9])), torch.tensor([0.0, 0.5, 1.0]))


def test_a_consistency_model_gives_x0_at_high_noise_and_x_at_none() -> None:
    lcm, eps = Parameterization("lcm"), Parameterization("eps")
    output, x = torch.randn(2, 4, 2, 2), torch.randn(2, 4, 2, 2)
    high = lcm.sigmas[[-1, -1]]
    torch.testing.assert_close(lcm.to_denoised(output, x, high), eps.to_denoised(output, x, high), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("prediction", ["x0", "img_to_img", "img_to_img_flow"])
def test_networks_that_predict_the_picture_are_taken_at_their_word(prediction: str) -> None:
    output, x = torch.randn(1, 4, 2, 2), torch.randn(1, 4, 2, 2)
    parameterization = Parameterization(prediction)
    assert torch.equal(parameterization.to_denoised(output, x, torch.tensor([2.0])), output)
    assert torch.equal(parameterization.scale_input(x, torch.tensor([2.0])), x) == (prediction != "x0")
