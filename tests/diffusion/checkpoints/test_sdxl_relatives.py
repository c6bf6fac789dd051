"""The refiner of SDXL, the smaller networks made of SDXL, and those that predict v over levels of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.beside import BesideAdapter, Changing
from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families.sd1 import V_MARK
from diffusion.checkpoints.families.sdxl import EDM_MAX_KEY, EDM_MIN_KEY, PLAYGROUND_KEYS, ZERO_SNR_KEY
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import Checkpoint, load_checkpoint
from diffusion.checkpoints.networks.unet import read_unet
from diffusion.checkpoints.together import family_for
from diffusion.conditioning import Cond, with_extras
from diffusion.errors import CheckpointError
from diffusion.guidance import guide
from diffusion.levels import LogarithmicLevels
from tests.diffusion.checkpoints.stripped import header
from tests.tiny_checkpoint import write_state
from tests.tiny_unets import RECIPES, TinyUnets, tiny_networks

UNET = "model.diffusion_model."
X = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(1))
SIGMA, CFG = torch.tensor([2.0]), 5.0


def load(name: str, folder: Path, more: Mapping[str, Tensor] | None = None) -> tuple[TinyUnets, Checkpoint]:
    networks = tiny_networks(name)
    return networks, load_checkpoint(write_state(folder / "tiny.safetensors", {**networks.state, **(more or {})}))


@torch.no_grad()
def noise(unet: Any, prompts: list[tuple[Cond, list[float]]], time: Tensor) -> Tensor:
    """Return what diffusers' network gives for a positive and a negative prompt with their numbers, under guidance."""
    cond, uncond = (
        unet(
            X / (SIGMA**2 + 1).sqrt(),
            time,
            encoder_hidden_states=cond.embedding,
            added_cond_kwargs={"text_embeds": cond.pooled, "time_ids": torch.tensor([numbers])},
        ).sample
        for cond, numbers in prompts
    )
    guided: Tensor = uncond + CFG * (cond - uncond)
    return guided


@torch.no_grad()
def denoised(checkpoint: Checkpoint, positive: Cond, negative: Cond) -> Tensor:
    return guide(checkpoint.model, (positive,), (negative,), X.shape, CFG)(X, SIGMA)


def test_the_refiner_is_told_how_well_each_side_is_to_look(tmp_path: Path) -> None:
    networks, checkpoint = load("sdxl_refiner", tmp_path)
    assert checkpoint.model.family == "sdxl_refiner"
    assert [encoder.kind for encoder in checkpoint.clip.encoders] == ["g"]
    positive, negative = (checkpoint.clip.encode(text) for text in ("a cat", "blurry"))
    time = checkpoint.model.parameterization.timestep(SIGMA)
    size = [64.0, 128.0, 0.0, 0.0]
    expected = noise(networks.unet, [(positive, [*size, 6.0]), (negative, [*size, 2.5])], time)
    torch.testing.assert_close(denoised(checkpoint, positive, negative), X - SIGMA * expected, atol=1e-4, rtol=0)
    (asked,) = with_extras((positive,), aesthetic_score=9.0, width=512, height=256)
    expected = noise(networks.unet, [(asked, [256.0, 512.0, 0.0, 0.0, 9.0]), (negative, [*size, 2.5])], time)
    torch.testing.assert_close(denoised(checkpoint, asked, negative), X - SIGMA * expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["sdxl_ssd", "sdxl_koala", "sdxl"])
def test_smaller_networks_compute_what_those_of_diffusers_do(name: str, tmp_path: Path) -> None:
    networks, checkpoint = load(name, tmp_path)
    assert read_unet(read_header(tmp_path / "tiny.safetensors"), UNET) == RECIPES[name].unet
    positive, negative = (checkpoint.clip.encode(text) for text in ("a cat", "blurry"))
    numbers = [64.0, 128.0, 0.0, 0.0, 64.0, 128.0]
    time = checkpoint.model.parameterization.timestep(SIGMA)
    expected = noise(networks.unet, [(positive, numbers), (negative, numbers)], time)
    torch.testing.assert_close(denoised(checkpoint, positive, negative), X - SIGMA * expected, atol=1e-4, rtol=0)


def parameters(name: str) -> int:
    full = header(name)
    with torch.device("meta"):
        module = detect(full).read(full).part.build()
    return sum(parameter.numel() for parameter in module.parameters())


def test_known_files_have_their_sizes() -> None:
    """Numbers of parameters as their makers tell them: 1.3, 0.74 and 0.78 billions; the refiner has 2.26."""
    sizes = {name: parameters(f"sdxl/{name}") for name in ("ssd_1b", "segmind_vega", "koala_700m")}
    assert {name: round(size / 1e7) for name, size in sizes.items()} == {
        "ssd_1b": 133,
        "segmind_vega": 75,
        "koala_700m": 78,
    }
    assert round(parameters("sdxl_refiner/sdxl_refiner") / 1e7) == 226


def test_one_large_clip_alone_is_for_the_refiner() -> None:
    assert family_for("sdxl", [("g", "g")]).name == "sdxl_refiner"
    assert family_for("sdxl", [("l", "l"), ("g", "g")]).name == "sdxl"


def test_marks_say_that_the_network_predicts_v(tmp_path: Path) -> None:
    mark = {V_MARK: torch.empty(0)}
    _, plain = load("sdxl", tmp_path, mark)
    _, zero = load("sdxl", tmp_path, mark | {ZERO_SNR_KEY: torch.empty(0)})
    assert plain.model.parameterization.prediction == zero.model.parameterization.prediction == "v"
    assert float(plain.model.parameterization.sigma_max) == pytest.approx(14.6, abs=0.1)
    assert float(zero.model.parameterization.sigma_max) > 4000


def test_numbers_in_the_file_say_which_levels_it_knows(tmp_path: Path) -> None:
    numbers = {EDM_MAX_KEY: torch.tensor(80.0), EDM_MIN_KEY: torch.tensor(0.01)}
    _, checkpoint = load("sdxl_instruct", tmp_path, numbers)
    parameterization = checkpoint.model.parameterization
    assert parameterization.prediction == "v"
    assert parameterization.levels == LogarithmicLevels(pytest.approx(0.01), pytest.approx(80.0))
    adapter = checkpoint.model.adapter
    assert isinstance(adapter, BesideAdapter)
    assert adapter.beside == Changing(checkpoint.model.latent_format)  # these see the picture in their own scale
    _, plain = load("sdxl_instruct", tmp_path)
    assert isinstance(plain.model.adapter, BesideAdapter)
    assert plain.model.adapter.beside == Changing()


def test_logarithmic_levels_are_told_as_a_quarter_of_the_logarithm() -> None:
    levels = LogarithmicLevels(0.002, 120.0)
    assert float(levels.timestep(torch.tensor(math.e**4))) == pytest.approx(1.0)
    torch.testing.assert_close(levels.sigma(levels.timestep(levels.sigmas)), levels.sigmas)
    assert levels.percent_to_sigma(0.5) == pytest.approx(math.sqrt(0.002 * 120.0), rel=1e-5)


def test_playground_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"Playground 2\.5"):
        load("sdxl", tmp_path, {key: torch.zeros(1) for key in PLAYGROUND_KEYS})
