"""The same seed gives what ComfyUI gives: samplers and schedules against reference numbers.

data/comfyui_sampling.safetensors holds reference numbers for the same-seed agreement with ComfyUI 0.33: the final x
that it computed (float32, CPU, seed 42, "normal", 8 steps) for the denoiser below, for each sampler in the order of the
metadata, and the 8 steps of each schedule. They are to be made again only with a newer version of it. Samplers and
schedules that ComfyUI does not have stand after those that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from diffusion.denoiser import Guided
from diffusion.noise import prepare_noise
from diffusion.parameterization import Parameterization, Prediction
from diffusion.samplers import SAMPLERS
from diffusion.sampling import is_max_denoise, sampling_sigmas
from diffusion.schedules import SCHEDULERS, sigmas_for

DATA = Path(__file__).parent / "data" / "comfyui_sampling.safetensors"
SHAPE = (1, 2, 4, 4)
SEED, STEPS, CFG = 42, 8, 1.5
TOLERANCE = 1e-4  # relative; float32 rounds coefficients there, exact numbers are used here
PREDICTIONS: tuple[Prediction, ...] = ("eps", "flow")


@dataclass(frozen=True)
class SmoothDenoiser:
    """A closed form that is not linear, not symmetric, and mixes neighbours, with two sides under CFG."""

    parameterization: Parameterization

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.guided(x, sigma).denoised

    def guided(self, x: Tensor, sigma: Tensor) -> Guided:
        level = sigma.reshape(-1, 1, 1, 1)
        unit = x / (1 + level**2).sqrt()
        targets = torch.tanh(0.8 * unit.roll(1, -1) + 0.3), torch.tanh(0.1 - 0.2 * unit)
        cond, uncond = ((x + level**2 * target) / (1 + level**2) for target in targets)
        return Guided(uncond + (cond - uncond) * CFG, uncond)


def reference(kind: str, prediction: str) -> dict[str, Tensor]:
    with safe_open(DATA, "pt") as data:
        names = data.metadata()[kind].split()
        return dict(zip(names, data.get_tensor(f"{prediction}.{kind}"), strict=True))


NAMES = {kind: tuple(reference(kind, "eps")) for kind in ("samplers", "schedules")}


def sampled(name: str, prediction: Prediction) -> Tensor:
    parameterization = Parameterization(prediction)
    sigmas = sampling_sigmas(parameterization, name, "normal", STEPS)
    empty = torch.zeros(SHAPE)
    noise = prepare_noise(empty, SEED)
    x = parameterization.noise_scaling(sigmas[0], noise, empty, is_max_denoise(parameterization, sigmas))
    return SAMPLERS[name](SmoothDenoiser(parameterization), x, sigmas, seed=SEED)[0]


@pytest.mark.parametrize(("kind", "table"), [("samplers", SAMPLERS), ("schedules", SCHEDULERS)])
def test_comfyuis_names_come_first_and_in_its_order(kind: str, table: Mapping[str, object]) -> None:
    assert tuple(table)[: len(NAMES[kind])] == NAMES[kind]


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("name", NAMES["samplers"])
def test_the_same_seed_gives_the_same_latent(name: str, prediction: Prediction) -> None:
    expected = reference("samplers", prediction)[name]
    assert float((sampled(name, prediction) - expected).norm() / expected.norm()) < TOLERANCE


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("name", NAMES["schedules"])
def test_schedules_are_the_same(name: str, prediction: Prediction) -> None:
    sigmas = sigmas_for(name, Parameterization(prediction), STEPS)
    torch.testing.assert_close(sigmas, reference("schedules", prediction)[name], rtol=1e-6, atol=1e-7)
