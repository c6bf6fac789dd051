"""The operators for LoRAs, through files as the built-in model's users have them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from diffusion.clip import Clip
from diffusion.models import Model
from nodes.lora import LoraLoader, LoraLoaderModelOnly
from tests.nodes.folder_host import FolderRun

TENSORS = {
    "lora_unet_conv_in.diff": torch.ones(32, 4, 3, 3),
    "lora_te_text_model_encoder_layers_0_mlp_fc1.diff": torch.ones(256, 64),
}


@pytest.fixture
def run(tmp_path: Path) -> FolderRun:
    (tmp_path / "models" / "loras").mkdir(parents=True)
    save_file(TENSORS, tmp_path / "models" / "loras" / "ones.safetensors")
    return FolderRun(tmp_path)


def test_a_lora_changes_both_networks(run: FolderRun, tiny_model: Model, tiny_clip: Clip) -> None:
    model, clip = LoraLoader(tiny_model, tiny_clip, "ones.safetensors", 2.0, 3.0, run=run)
    assert [(patch.strength, *patch.changes) for patch in model.patches] == [(2.0, "conv_in.weight")]
    patches = clip.encoders[0].patches
    assert [(patch.strength, *patch.changes) for patch in patches] == [(3.0, "encoder.layers.0.mlp.fc1.weight")]


def test_without_the_text_encoder_its_part_is_left_out(run: FolderRun, tiny_model: Model) -> None:
    model = LoraLoaderModelOnly(tiny_model, "ones.safetensors", 0.5, run=run)
    assert [patch.strength for patch in model.patches] == [0.5]


def test_strength_zero_reads_no_file(run: FolderRun, tiny_model: Model, tiny_clip: Clip) -> None:
    assert LoraLoader(tiny_model, tiny_clip, "missing", 0.0, 0.0, run=run) == (tiny_model, tiny_clip)
