"""Saving what was merged: a checkpoint that loads again as the same model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from diffusion.checkpoints import load_checkpoint
from diffusion.lora.changes import Additive, Whole
from diffusion.overlay import WeightPatch
from diffusion.parameterization import Parameterization
from nodes.merging import CheckpointSave
from tests.nodes.folder_host import FolderRun

ONES = WeightPatch({"conv_in.bias": Additive(Whole(torch.ones(32)))}, 0.5, digest="ones")


@pytest.mark.parametrize("prediction", ["eps", "v"])
def test_a_saved_checkpoint_holds_what_was_patched(tiny_checkpoint: Path, tmp_path: Path, prediction: str) -> None:
    loaded = load_checkpoint(tiny_checkpoint)
    model = replace(loaded.model.with_patch(ONES), parameterization=Parameterization(prediction))
    run = FolderRun(tmp_path, texts={"prompt": "{}"})
    for _ in range(2):
        CheckpointSave(model, loaded.clip, loaded.vae, "merged/one", run=run)
    names = sorted(path.name for path in (tmp_path / "output" / "merged").iterdir())
    assert names == ["one_00001_.safetensors", "one_00002_.safetensors"]
    again = load_checkpoint(tmp_path / "output" / "merged" / names[0])
    assert again.model.parameterization.prediction == prediction
    before, after = loaded.model.backbone.state_dict(), again.model.backbone.state_dict()
    torch.testing.assert_close(after.pop("conv_in.bias"), before.pop("conv_in.bias") + 0.5)
    assert all(torch.equal(after[name], before[name]) for name in before)
    for one, two in ((loaded.clip.encoder, again.clip.encoder), (loaded.vae.autoencoder, again.vae.autoencoder)):
        other = two.state_dict()
        assert all(torch.equal(tensor, other[name]) for name, tensor in one.state_dict().items())
