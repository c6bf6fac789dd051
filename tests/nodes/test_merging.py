"""Saving what was merged: a checkpoint that loads again as the same model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from diffusion.checkpoints import load_checkpoint, load_clip, load_diffusion_model, load_vae
from diffusion.lora.changes import Additive, Whole
from diffusion.overlay import WeightPatch
from diffusion.parameterization import Parameterization
from nodes.model_saving import CheckpointSave, CLIPSave, ModelSave, VAESave
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


def test_each_network_is_saved_in_a_file_of_its_own(tiny_checkpoint: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(tiny_checkpoint)
    run = FolderRun(tmp_path, texts={"prompt": "{}"})
    ModelSave(loaded.model, run=run)
    CLIPSave(loaded.clip, run=run)
    VAESave(loaded.vae, run=run)
    paths = sorted(path.relative_to(tmp_path / "output").as_posix() for path in tmp_path.rglob("*.safetensors"))
    assert paths == [
        "clip/ComfyUI_clip_l_00001_.safetensors",
        "diffusion_models/ComfyUI_00001_.safetensors",
        "vae/ComfyUI_vae_00001_.safetensors",
    ]
    clip, model, vae = (tmp_path / "output" / path for path in paths)
    assert load_diffusion_model(model).family == "sd1"
    assert torch.equal(
        load_clip([clip], "stable_diffusion").encode("a cat").embedding, loaded.clip.encode("a cat").embedding
    )
    assert load_vae(vae).latent_format == loaded.vae.latent_format
