"""Samplers against closed forms: for Gaussian data the exact denoiser and the exact flow are known.

For data of deviation s around a mean, D(x; sigma) = mean + s^2 / (s^2 + sigma^2) (x - mean), and the flow keeps
(x - mean) / sqrt(s^2 + sigma^2).

Every entry of SAMPLERS is tested by itself; the tables here say more about some: a sampler that no table names must be
of order 1 at least, add noise only through `eta`, tell each of its steps and end with its prediction.
"""

from __future__ import annotations

import inspect
import math

import pytest
import torch
from torch import Tensor

from diffusion.denoiser import Guided, Step
from diffusion.errors import UnknownNameError
from diffusion.parameterization import Parameterization
from diffusion.samplers import SAMPLERS, find_sampler

MEAN, DEVIATION = 0.5, 0.8
HIGHEST, LOWEST = 10.0, 0.1

ORDERS = {  # of convergence, without noise (eta = 0) where there is any
    "euler": 1,
    "euler_cfg_pp": 1,
    "euler_ancestral": 1,
    "euler_ancestral_cfg_pp": 1,
    "heun": 2,
    "heunpp2": 1,
    "exp_heun_2_x0": 2,
    "exp_heun_2_x0_sde": 2,
    "dpm_2": 2,
    "dpm_2_ancestral": 2,
    "lms": 3,
    "dpm_fast": 3,
    "dpmpp_2s_ancestral": 2,
    "dpmpp_sde": 2,
    "dpmpp_sde_gpu": 2,
    "dpmpp_2m": 2,
    "dpmpp_2m_cfg_pp": 2,
    "dpmpp_2m_sde": 2,
    "dpmpp_2m_sde_gpu": 2,
    "dpmpp_2m_sde_heun": 2,
    "dpmpp_2m_sde_heun_gpu": 2,
    "dpmpp_3m_sde": 2,  # its name says 3; the weights as published and as in ComfyUI reach 2
    "dpmpp_3m_sde_gpu": 2,
    "ipndm": 2,  # its weights are for equal steps
    "ipndm_v": 2,
    "deis": 3,
    "res_multistep": 2,
    "res_multistep_cfg_pp": 2,
    "res_multistep_ancestral": 2,
    "res_multistep_ancestral_cfg_pp": 2,
    "gradient_estimation": 1,
    "gradient_estimation_cfg_pp": 1,
    "seeds_2": 2,
    "seeds_3": 3,
    "sa_solver": 4,
    "sa_solver_pece": 4,
    "ddim": 1,
    "uni_pc": 2,
    "uni_pc_bh2": 2,
}
ALWAYS_NOISY = {"ddpm", "er_sde", "lcm"}  # noise cannot be left out: moments only
CHOOSES_ITS_STEPS = {"dpm_adaptive"}
INCONSISTENT = {"dpmpp_2s_ancestral_cfg_pp"}  # mixes predictions of two levels, as in ComfyUI; no solver of the flow
WITH_NOISE = ALWAYS_NOISY | {
    name
    for name, sampler in SAMPLERS.items()
    if (eta := inspect.signature(sampler).parameters.get("eta")) is not None and eta.default > 0
}
CONVERGENT = sorted(set(SAMPLERS) - ALWAYS_NOISY - CHOOSES_ITS_STEPS - INCONSISTENT)
STEP_COUNTS = {"dpm_fast": (38, 77)}  # counts predictions: 13 and 26 steps of the same orders
ENDS_ELSEWHERE = {  # above 0, or with a prediction that is not told
    *("dpm_fast", "dpm_adaptive", "uni_pc", "uni_pc_bh2", "sa_solver_pece"),
}


class GaussianDenoiser:
    """The exact denoiser of Gaussian data; both sides of the guidance are the same."""

    parameterization = Parameterization()

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        share = DEVIATION**2 / (DEVIATION**2 + sigma.view(-1, 1, 1, 1) ** 2)
        return MEAN + share * (x - MEAN)

    def guided(self, x: Tensor, sigma: Tensor) -> Guided:
        denoised = self(x, sigma)
        return Guided(denoised, denoised)


def levels(steps: int, lowest: float = LOWEST) -> Tensor:
    return torch.logspace(math.log10(HIGHEST), math.log10(lowest), steps + 1, dtype=torch.float64)


def levels_to_zero(steps: int) -> Tensor:
    return torch.cat([levels(steps - 1), torch.zeros(1, dtype=torch.float64)])


def start(count: int = 4, seed: int = 0) -> Tensor:
    noise = torch.randn(count, 1, 8, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return MEAN + noise * math.hypot(DEVIATION, HIGHEST)


def exact_end(x: Tensor) -> Tensor:
    return MEAN + (x - MEAN) * math.hypot(DEVIATION, LOWEST) / math.hypot(DEVIATION, HIGHEST)


def error_without_noise(name: str, steps: int) -> float:
    sampler, x = SAMPLERS[name], start()
    options = {"eta": 0.0} if "eta" in inspect.signature(sampler).parameters else {}
    return float((sampler(GaussianDenoiser(), x, levels(steps), **options) - exact_end(x)).norm())


def test_the_tables_name_samplers_that_there_are() -> None:
    assert set(ORDERS) <= set(CONVERGENT)
    assert set(SAMPLERS) >= ALWAYS_NOISY | CHOOSES_ITS_STEPS | INCONSISTENT | ENDS_ELSEWHERE


@pytest.mark.parametrize("name", CONVERGENT)
def test_twice_the_steps_divide_the_error_by_the_order(name: str) -> None:
    few, many = STEP_COUNTS.get(name, (40, 80))
    order = math.log2(error_without_noise(name, few) / error_without_noise(name, many))
    assert ORDERS.get(name, 1) - 0.35 < order
    assert order < ORDERS.get(name, math.inf) + 0.7


@pytest.mark.parametrize("steps", [3, 50])
def test_the_adaptive_sampler_keeps_its_tolerance_whatever_the_steps(steps: int) -> None:
    assert error_without_noise("dpm_adaptive", steps) < 0.05 * float(exact_end(start()).norm())


@pytest.mark.parametrize("name", sorted(WITH_NOISE - INCONSISTENT - {"lcm"}))
def test_samplers_with_noise_end_with_the_datas_moments(name: str) -> None:
    x = SAMPLERS[name](GaussianDenoiser(), start(count=400), levels(60), seed=3)
    assert float(x.mean()) == pytest.approx(MEAN, abs=0.05)
    assert float(x.std()) == pytest.approx(math.hypot(DEVIATION, LOWEST), rel=0.05)


def test_lcm_ends_with_the_prediction_noised_to_the_last_level() -> None:
    x = SAMPLERS["lcm"](GaussianDenoiser(), start(count=400), levels(1), seed=3)
    denoised = GaussianDenoiser()(start(count=400), torch.full((400,), HIGHEST))
    assert float((x - denoised).std()) == pytest.approx(LOWEST, rel=0.02)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_seed_decides_the_noise_and_only_that(name: str) -> None:
    runs = [SAMPLERS[name](GaussianDenoiser(), start(), levels(5), seed=seed) for seed in (1, 1, 2)]
    assert torch.equal(runs[0], runs[1])
    assert torch.allclose(runs[0], runs[2]) == (name not in WITH_NOISE)


@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - {"dpm_fast", "dpm_adaptive"}))
def test_every_step_is_told(name: str) -> None:
    told: list[Step] = []
    SAMPLERS[name](GaussianDenoiser(), start(), levels_to_zero(7), seed=1, callback=told.append)
    assert [step.index for step in told] == list(range(7))
    assert [step.sigma for step in told] == levels_to_zero(7)[:-1].tolist()
    assert all(step.total == 7 for step in told)


@pytest.mark.parametrize("name", ["dpm_fast", "dpm_adaptive"])
def test_samplers_with_steps_of_their_own_tell_them(name: str) -> None:
    told: list[Step] = []
    SAMPLERS[name](GaussianDenoiser(), start(), levels_to_zero(7), callback=told.append)
    assert [step.index for step in told] == list(range(len(told)))
    assert told[-1].total >= len(told) > 2


@pytest.mark.parametrize("name", sorted(set(SAMPLERS) - ENDS_ELSEWHERE))
def test_a_last_level_of_zero_gives_the_prediction(name: str) -> None:
    told: list[Step] = []
    x = SAMPLERS[name](GaussianDenoiser(), start(), levels_to_zero(7), seed=1, callback=told.append)
    torch.testing.assert_close(x, told[-1].denoised, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_give_numbers(name: str, steps: int) -> None:
    for sigmas in (levels(steps), levels_to_zero(steps)):
        assert bool(SAMPLERS[name](GaussianDenoiser(), start(), sigmas, seed=1).isfinite().all())


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_single_level_leaves_x_as_it_is(name: str) -> None:
    assert torch.equal(SAMPLERS[name](GaussianDenoiser(), start(), levels(3)[:1]), start())


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_repeated_level_is_no_step(name: str) -> None:
    once, twice = levels_to_zero(4), levels_to_zero(4).repeat_interleave(torch.tensor([1, 2, 1, 1, 1]))
    runs = [SAMPLERS[name](GaussianDenoiser(), start(), sigmas, seed=1) for sigmas in (once, twice)]
    assert torch.equal(*runs)


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_callback_that_raises_ends_the_run(name: str) -> None:
    def cancel(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SAMPLERS[name](GaussianDenoiser(), start(), levels(4), callback=cancel)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r'sampler "eulr" is not known; did you mean "euler"\?'):
        find_sampler("eulr")
