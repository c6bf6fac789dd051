"""Parameterizations: what a perfect network puts out is read back, whatever it predicts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from diffusion.parameterization import Parameterization, Prediction

PREDICTIONS: tuple[Prediction, ...] = ("eps", "v", "flow")
EPS = Parameterization()


def randn(seed: int) -> Tensor:
    return torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


def perfect_output(prediction: Prediction, data: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """Return what each kind of network is trained to say."""
    if prediction == "eps":
        return noise
    if prediction == "flow":
        return noise - data
    alpha = 1 / (1 + sigma.view(-1, 1, 1, 1) ** 2).sqrt()
    return alpha * noise - alpha * sigma.view(-1, 1, 1, 1) * data


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_perfect_output_gives_the_data_back(prediction: Prediction) -> None:
    parameterization = Parameterization(prediction)
    sigma = torch.tensor([0.1, 0.5, 0.9])
    data, noise = randn(0), randn(1)
    x = parameterization.noise_scaling(sigma, noise, data)
    output = perfect_output(prediction, data, noise, sigma)
    torch.testing.assert_close(parameterization.to_denoised(output, x, sigma), data, atol=1e-4, rtol=1e-4)


def test_the_table_is_sd1s() -> None:
    assert EPS.sigmas.shape == (1000,)
    assert float(EPS.sigma_min) == pytest.approx(0.02916, abs=1e-4)
    assert float(EPS.sigma_max) == pytest.approx(14.6146, abs=1e-3)
    assert bool((EPS.sigmas.diff() > 0).all())


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_timesteps_and_levels_are_inverse(prediction: Prediction) -> None:
    parameterization = Parameterization(prediction)
    timesteps = torch.tensor([1.0, 250.0, 998.0])
    torch.testing.assert_close(parameterization.timestep(parameterization.sigma(timesteps)).float(), timesteps)


def test_between_levels_the_nearest_counts() -> None:
    middle = (EPS.sigmas[10] * EPS.sigmas[11]).sqrt()
    assert EPS.timestep(torch.stack([middle * 0.999, middle * 1.001])).tolist() == [10, 11]


def test_levels_between_timesteps_are_geometric() -> None:
    torch.testing.assert_close(EPS.sigma(torch.tensor(10.5)), (EPS.sigmas[10] * EPS.sigmas[11]).sqrt())


def test_scaled_input_has_unit_variance() -> None:
    x = EPS.noise_scaling(torch.tensor(3.0), randn(1), randn(0))
    assert float(EPS.scale_input(x, torch.tensor(3.0)).std()) == pytest.approx(1.0, abs=0.05)


def test_full_denoising_starts_with_the_whole_variance() -> None:
    start = EPS.noise_scaling(torch.tensor(3.0), randn(1), torch.zeros(3, 4, 8, 8), max_denoise=True)
    torch.testing.assert_close(start, randn(1) * 10**0.5)


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_percents_go_from_above_all_levels_to_zero(prediction: Prediction) -> None:
    parameterization = Parameterization(prediction)
    levels = [parameterization.percent_to_sigma(percent) for percent in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] >= float(parameterization.sigma_max)
    assert levels[-1] == 0


def test_a_shift_moves_flow_levels_upwards_and_keeps_the_ends() -> None:
    plain, shifted = Parameterization("flow").sigmas, Parameterization("flow", shift=3.0).sigmas
    assert bool((shifted[:-1] > plain[:-1]).all())
    assert float(shifted[-1]) == pytest.approx(1.0)


def test_flow_latents_are_scaled_back() -> None:
    flow, level = Parameterization("flow"), torch.tensor(0.25)
    noisy = flow.noise_scaling(level, torch.zeros(3, 4, 8, 8), randn(0))
    torch.testing.assert_close(flow.inverse_noise_scaling(level, noisy), randn(0))
    assert EPS.inverse_noise_scaling(level, noisy) is noisy


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_log_snr_and_levels_are_inverse(prediction: Prediction) -> None:
    parameterization, sigma = Parameterization(prediction), torch.tensor([0.9, 0.5, 0.1])
    half_log_snr = parameterization.half_log_snr(sigma)
    assert bool((half_log_snr.diff() > 0).all())
    torch.testing.assert_close(parameterization.sigma_of_half_log_snr(half_log_snr), sigma)


def test_a_first_flow_level_of_one_gets_a_finite_log_snr() -> None:
    flow = Parameterization("flow")
    assert bool(flow.half_log_snr(flow.finite_snr(torch.tensor([1.0, 0.5]))).isfinite().all())
    assert EPS.finite_snr(EPS.sigmas) is EPS.sigmas
