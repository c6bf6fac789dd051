"""A whole training at the smallest size: it makes a checkpoint that loads, and goes on from one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor

from diffusion.checkpoints.load import load_checkpoint
from diffusion.training.config import (
    AutoencoderConfig,
    DenoiserConfig,
    Plan,
    TrainingConfig,
    TrainingError,
    TrainingProgress,
    TrainingStopped,
)
from diffusion.training.session import train

SHORT = Plan(steps=2, batch=2, learning_rate=1e-3, warmup=1, save_every=1)
TINY = TrainingConfig(
    autoencoder=AutoencoderConfig(channels=(16, 16, 16, 16), plan=replace(SHORT, batch=4), decoder_plan=SHORT),
    denoiser=DenoiserConfig(
        channels=(32, 32), has_attention=(False, True), text_width=64, text_layers=1, scenes=4, plan=SHORT
    ),
)


def ignore(progress: TrainingProgress) -> None:
    pass


def weights(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (it is no mapping)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    return train(TINY, folder=folder, on_progress=ignore, should_stop=lambda: False)


def test_the_outcome_is_a_checkpoint_that_loads(trained: Path) -> None:
    checkpoint = load_checkpoint(trained, dtype=torch.float32)
    assert checkpoint.model.family == "sd1"
    assert checkpoint.clip.encode("a red house").embedding.shape == (1, 77, 64)


def test_words_that_no_prompt_has_are_zero(trained: Path) -> None:
    rows = load_checkpoint(trained, dtype=torch.float32).clip.encoder.get_input_embeddings().weight  # type: ignore[operator]
    is_zero = (rows == 0).all(dim=1)
    assert 30 < int((~is_zero).sum()) < 200


def test_pictures_show_how_far_the_training_is(trained: Path) -> None:
    with Image.open(trained.parent / "samples.png") as picture:
        assert picture.size == (4 * 128, 128)


def test_the_same_settings_go_on_and_others_are_refused(trained: Path) -> None:
    before = weights(trained)
    again = weights(train(TINY, folder=trained.parent, on_progress=ignore, should_stop=lambda: False))
    assert all(torch.equal(before[key], again[key]) for key in before)
    other = replace(TINY, denoiser=replace(TINY.denoiser, scenes=5))
    with pytest.raises(TrainingError, match=r"denoiser\.scenes was 4, now 5"):
        train(other, folder=trained.parent, on_progress=ignore, should_stop=lambda: False)


def test_a_training_that_is_stopped_in_any_stage_ends_as_if_it_had_not_been(trained: Path, tmp_path: Path) -> None:
    stages: set[str] = set()
    told: list[str] = []

    def on_progress(progress: TrainingProgress) -> None:
        told.append(progress.stage)

    def stops_once_in_each_stage() -> bool:
        is_new = bool(told) and told[-1] not in stages
        stages.update(told[-1:])
        return is_new

    for _ in range(6):
        try:
            path = train(TINY, folder=tmp_path, on_progress=on_progress, should_stop=stops_once_in_each_stage)
        except TrainingStopped:
            continue
        break
    assert stages == {"autoencoder", "latents", "decoder", "denoiser"}
    whole, parts = weights(trained), weights(path)
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_going_on_from_a_checkpoint_keeps_the_encoder_and_moves_the_rest(trained: Path, tmp_path: Path) -> None:
    path = train(replace(TINY, start=trained), folder=tmp_path, on_progress=ignore, should_stop=lambda: False)
    before, after = weights(trained), weights(path)
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert not any(key.startswith(("first_stage_model.encoder.", "first_stage_model.quant_conv.")) for key in changed)
    for moved in ("first_stage_model.decoder.", "model.diffusion_model.", "cond_stage_model."):
        assert any(key.startswith(moved) for key in changed)
    with safe_open(path, framework="pt") as file:
        notes = json.loads(file.metadata()["weft.training"])
    assert notes["start"]["denoiser"]["scenes"] == 4
