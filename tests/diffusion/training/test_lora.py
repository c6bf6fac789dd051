"""LoRAs that the project trains: what was learned beside the network is what the file does to it."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.lora import apply_lora, open_lora
from diffusion.models import Model
from diffusion.training.config import Plan, TrainingError, TrainingProgress, TrainingStopped
from diffusion.training.lora import Factors, LoraConfig, train_lora

SHORT = Plan(steps=2, batch=2, learning_rate=1e-3, warmup=1, save_every=1)


def ignore(progress: TrainingProgress) -> None:
    pass


def short(checkpoint: Path) -> LoraConfig:
    return LoraConfig(checkpoint, "night", scenes=2, plan=SHORT)


def test_the_file_does_to_a_model_what_the_factors_did_while_they_learned(tiny_model: Model, tmp_path: Path) -> None:
    network = copy.deepcopy(tiny_model.backbone)
    factors = Factors(network, rank=2)
    generator = torch.Generator().manual_seed(0)
    for up in factors.up.values():
        torch.nn.init.normal_(up.weight, std=0.02, generator=generator)  # type: ignore[arg-type]
    save_file({key: tensor.float() for key, tensor in factors.tensors().items()}, tmp_path / "lora.safetensors")
    patched = apply_lora(open_lora(tmp_path / "lora.safetensors"), tiny_model, None).model
    factors.attach(network)
    x, context = torch.randn(1, 4, 16, 16, generator=generator), torch.randn(1, 7, 32, generator=generator)
    arguments = (x, torch.tensor([500.0]), context)
    assert patched is not None
    with torch.no_grad():
        learned = replace(tiny_model, backbone=network).apply(*arguments)
        assert (learned - tiny_model.apply(*arguments)).abs().max() > 0.01
        torch.testing.assert_close(patched.apply(*arguments), learned, atol=2e-3, rtol=0)  # the file is in float16


def test_factors_change_nothing_before_they_learn(tiny_model: Model) -> None:
    network = copy.deepcopy(tiny_model.backbone)
    Factors(network, rank=2).attach(network)
    arguments = (torch.ones(1, 4, 16, 16), torch.tensor([500.0]), torch.ones(1, 7, 32))
    with torch.no_grad():
        assert torch.equal(replace(tiny_model, backbone=network).apply(*arguments), tiny_model.apply(*arguments))


def test_a_training_that_was_stopped_ends_as_one_that_was_not(tiny_checkpoint: Path, tmp_path: Path) -> None:
    config = short(tiny_checkpoint)
    answers = iter([False, True])
    with pytest.raises(TrainingStopped, match="stopped after step 1"):
        train_lora(config, folder=tmp_path / "a", on_progress=ignore, should_stop=lambda: next(answers))
    went_on = train_lora(config, folder=tmp_path / "a", on_progress=ignore, should_stop=lambda: False)
    at_once = train_lora(config, folder=tmp_path / "b", on_progress=ignore, should_stop=lambda: False)
    first, second = load_file(went_on), load_file(at_once)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_training_with_other_settings_is_not_gone_on_with(tiny_checkpoint: Path, tmp_path: Path) -> None:
    config = short(tiny_checkpoint)
    train_lora(config, folder=tmp_path, on_progress=ignore, should_stop=lambda: False)
    with pytest.raises(TrainingError, match="rank was 2, now 3"):
        train_lora(replace(config, rank=3), folder=tmp_path, on_progress=ignore, should_stop=lambda: False)


def test_an_unknown_change_is_told_with_those_that_there_are(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="noon is no change that a LoRA may learn; there are night, winter"):
        train_lora(
            replace(short(tiny_checkpoint), change="noon"),
            folder=tmp_path,
            on_progress=ignore,
            should_stop=lambda: False,
        )
