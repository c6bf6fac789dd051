"""Noise levels without a model's schedule: typed in, extended, and by the rules of families."""

from __future__ import annotations

import math

import pytest
import torch

from diffusion.levels import FlowLevels, shift_for_size
from diffusion.parameterization import Parameterization
from diffusion.sigma_ops import SPACINGS, extended, flux2, sigmas_from_text, turbo, with_first


def test_numbers_are_read_out_of_any_text() -> None:
    assert sigmas_from_text("14.5, 3 and .5; 0").tolist() == [14.5, 3.0, 0.5, 0.0]
    assert len(sigmas_from_text("none")) == 0


def test_the_first_level_is_replaced() -> None:
    sigmas = torch.tensor([3.0, 1.0, 0.0])
    assert with_first(sigmas, 9.0).tolist() == [9.0, 1.0, 0.0]
    assert sigmas.tolist() == [3.0, 1.0, 0.0]
    assert len(with_first(torch.empty(0), 9.0)) == 0


@pytest.mark.parametrize("spacing", SPACINGS)
def test_steps_at_high_noise_are_divided(spacing: str) -> None:
    sigmas = torch.tensor([8.0, 4.0, 2.0, 0.0])
    levels = extended(sigmas, 4, 8.0, 4.0, spacing)
    assert len(levels) == len(sigmas) + 2 * 3
    assert levels.diff().lt(0).all()
    assert set(sigmas.tolist()) <= set(levels.tolist())
    assert extended(sigmas, 4, 3.0, 1.0, spacing).tolist()[:2] == [8.0, 4.0]


def test_linear_spacing_is_even() -> None:
    assert extended(torch.tensor([8.0, 4.0, 0.0]), 2, -1.0, 0.0, "linear").tolist() == [8.0, 6.0, 4.0, 2.0, 0.0]


def test_flux2_spends_more_steps_at_high_noise_for_larger_pictures() -> None:
    small, large = flux2(20, 512, 512), flux2(20, 1024, 1024)
    assert (small[0], small[-1]) == (1.0, 0.0)
    assert (large[1:-1] > small[1:-1]).all()


def test_flux2_moves_levels_by_the_fit_of_200_steps_for_the_largest_pictures() -> None:
    tokens = 2048 * 2048 // 256
    moved = FlowLevels(math.exp(0.00016927 * tokens + 0.45666666))
    assert float(flux2(4, 2048, 2048)[2]) == pytest.approx(moved.percent_to_sigma(0.5))


def test_turbo_takes_every_hundredth_timestep_from_the_last() -> None:
    parameterization = Parameterization("eps")
    levels = turbo(parameterization, 2, 1.0)
    assert levels.tolist() == pytest.approx([*parameterization.sigma(torch.tensor([999, 899])).tolist(), 0.0])
    assert turbo(parameterization, 1, 0.5).tolist()[0] == pytest.approx(
        float(parameterization.sigma(torch.tensor(499)))
    )


def test_flux_shifts_by_size_on_a_line() -> None:
    assert shift_for_size(256, 256, 0.5, 1.15) == pytest.approx(0.5)
    assert shift_for_size(1024, 1024, 0.5, 1.15) == pytest.approx(1.15)


def test_a_flow_models_levels_are_moved_and_the_rest_stays() -> None:
    moved = Parameterization("flow", 2.0).shifted(5.0)
    assert (moved.prediction, moved.shift, moved.levels) == ("flow", 5.0, FlowLevels(5.0))
    assert Parameterization("eps").shifted(3.0) == Parameterization("flow", 3.0)
    fine = Parameterization("flow", 2.0, FlowLevels(2.0, 10_000))
    assert (len(fine.shifted(3.0).sigmas), len(fine.shifted(3.0, 500).sigmas)) == (1000, 500)
