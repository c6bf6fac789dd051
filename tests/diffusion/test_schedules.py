"""Schedules: ends, length, monotony, and what each spaces equally."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from diffusion.errors import UnknownNameError
from diffusion.parameterization import Parameterization, Prediction
from diffusion.schedules import SCHEDULERS, sigmas_for

EPS, FLOW = Parameterization(), Parameterization("flow")
BELOW_THE_TOP = {"ddim_uniform"}  # leaves out the highest level
REACHES_THE_LOWEST = {"karras", "exponential", "normal", "kl_optimal"}
LENGTH_IS_ITS_OWN = {"ddim_uniform", "beta"}  # whole strides; repeated timesteps count once


@pytest.mark.parametrize("prediction", ["eps", "v", "flow"])
@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 8, 20, 100])
def test_levels_fall_strictly_to_zero(name: str, steps: int, prediction: Prediction) -> None:
    sigmas = sigmas_for(name, Parameterization(prediction), steps)
    assert sigmas.dtype == torch.float32
    assert bool((sigmas.diff() < 0).all())
    assert sigmas[-1] == 0


@pytest.mark.parametrize("name", sorted(set(SCHEDULERS) - BELOW_THE_TOP))
@pytest.mark.parametrize("parameterization", [EPS, FLOW])
def test_levels_begin_at_the_highest(name: str, parameterization: Parameterization) -> None:
    torch.testing.assert_close(sigmas_for(name, parameterization, 8)[0], parameterization.sigma_max)


@pytest.mark.parametrize("name", sorted(REACHES_THE_LOWEST))
def test_the_last_level_above_zero_is_the_models_lowest(name: str) -> None:
    torch.testing.assert_close(sigmas_for(name, EPS, 8)[-2], EPS.sigma_min)


@pytest.mark.parametrize("name", sorted(set(SCHEDULERS) - LENGTH_IS_ITS_OWN))
@given(steps=st.integers(1, 300))
def test_there_is_a_level_more_than_steps(name: str, steps: int) -> None:
    assert len(sigmas_for(name, EPS, steps)) == steps + 1


@given(steps=st.integers(1, 1000))
def test_ddim_uniform_takes_as_many_whole_strides_as_fit(steps: int) -> None:
    assert len(sigmas_for("ddim_uniform", EPS, steps)) == math.ceil(999 / (1000 // steps)) + 1


@given(steps=st.integers(1, 300))
def test_beta_gives_no_timestep_twice(steps: int) -> None:
    assert len(sigmas_for("beta", EPS, steps)) <= steps + 1


def equal_distances(values: Tensor) -> None:
    distances = values.diff()
    torch.testing.assert_close(distances, distances.mean().expand_as(distances), rtol=1e-3, atol=0)


def test_each_spaces_its_own_quantity_equally() -> None:
    equal_distances(sigmas_for("karras", EPS, 10)[:-1].double() ** (1 / 7))
    equal_distances(sigmas_for("exponential", EPS, 10)[:-1].double().log())
    equal_distances(sigmas_for("kl_optimal", EPS, 10)[:-1].double().atan())
    equal_distances(sigmas_for("normal", FLOW, 10)[:-1].double())


def test_simple_and_ddim_uniform_take_levels_of_the_table() -> None:
    for name in ("simple", "ddim_uniform", "beta"):
        assert set(sigmas_for(name, EPS, 7)[:-1].tolist()) <= set(EPS.sigmas.tolist())


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r'scheduler "karas" is not known; did you mean "karras"\?'):
        sigmas_for("karas", EPS, 5)
