"""Saving: what is written is what was loaded, in the family's layout, wherever the networks came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from diffusion.checkpoints.detect import known_families
from diffusion.checkpoints.families import sd1, sdxl
from diffusion.checkpoints.family import Family
from diffusion.checkpoints.load import Checkpoint, load_checkpoint, load_clip, load_diffusion_model, load_vae
from diffusion.checkpoints.save import SavedFile, merged_checkpoint, merged_texts, merged_vae
from diffusion.checkpoints.together import whole_of
from diffusion.checkpoints.views import as_view
from diffusion.checkpoints.written import Written, rooted
from diffusion.errors import DiffusionError
from diffusion.levels import DiscreteLevels, LogarithmicLevels
from diffusion.lora.changes import Additive, Whole
from diffusion.models import Model
from diffusion.overlay import WeightPatch
from diffusion.parameterization import Parameterization
from tests.diffusion.checkpoints.stripped import headers_of
from tests.tiny_checkpoint import write_state
from tests.tiny_unets import RECIPES, tiny_networks

PROMPT = "a (red:1.2) cat"


def load(folder: Path, name: str) -> Checkpoint:
    return load_checkpoint(write_state(folder / f"{name}.safetensors", tiny_networks(name).state))


def write(folder: Path, saved: SavedFile) -> Path:
    return write_state(folder / "saved.safetensors", saved.tensors, metadata=saved.metadata)


@pytest.mark.parametrize("name", RECIPES)
def test_a_checkpoint_is_written_as_it_was(name: str, tmp_path: Path) -> None:
    original = tiny_networks(name).state
    checkpoint = load(tmp_path, name)
    saved = merged_checkpoint(checkpoint.model, checkpoint.clip, checkpoint.vae)
    assert saved.tensors.keys() == original.keys()
    assert all(torch.equal(saved.tensors[key], tensor) for key, tensor in original.items())
    again = load_checkpoint(write(tmp_path, saved))
    assert (again.model.family, again.model.adapter) == (checkpoint.model.family, checkpoint.model.adapter)


@pytest.mark.parametrize("family", known_families(), ids=lambda family: family.name)
def test_what_a_family_reads_has_a_way_back(family: Family) -> None:
    """No tensor of a network is left out or cut, whatever views it is read through."""
    for header in headers_of(family.name):
        whole = whole_of(header)
        texts = [encoder.part for encoder in whole.encoders.values()]
        for part in (whole.backbone.part, *texts, *([whole.vae.part] if whole.vae else [])):
            with torch.device("meta"):
                module = part.build()
            written = Written(part.keys, module, header).tensors(module.state_dict())
            assert {as_view(source).key for source in part.keys(module).values()} == written.keys()


def test_patches_are_merged_in(tmp_path: Path) -> None:
    checkpoint = load(tmp_path, "sdxl")
    ones = WeightPatch({"conv_in.bias": Additive(Whole(torch.ones(64)))}, 0.5, digest="ones")
    saved = merged_checkpoint(checkpoint.model.with_patch(ones), checkpoint.clip, checkpoint.vae).tensors
    key = f"{sd1.UNET}input_blocks.0.0.bias"
    torch.testing.assert_close(saved[key], tiny_networks("sdxl").state[key] + 0.5)


def test_each_network_has_a_file_of_its_own(tmp_path: Path) -> None:
    checkpoint = load(tmp_path, "sdxl")
    model = load_diffusion_model(write(tmp_path, merged_checkpoint(checkpoint.model)))
    assert model.family == "sdxl"
    x, cond = torch.ones(1, 4, 8, 8), checkpoint.clip.encode(PROMPT)
    given, time = model.adapter.prepare(cond, x.shape), torch.tensor([7.0])
    output, own_output = (each.apply(x, time, cond.embedding, (), given) for each in (model, checkpoint.model))
    torch.testing.assert_close(output, own_output, atol=1e-5, rtol=1e-5)
    vae = load_vae(write(tmp_path, merged_vae(checkpoint.vae)))
    own = checkpoint.vae.autoencoder.state_dict()
    assert all(torch.equal(tensor, own[name]) for name, tensor in vae.autoencoder.state_dict().items())


def test_text_encoders_are_written_as_files_of_their_own_have_them(tmp_path: Path) -> None:
    deep = tiny_networks("sdxl", layers=31)  # alone, CLIP-G is known by its depth
    checkpoint = load_checkpoint(write_state(tmp_path / "deep.safetensors", deep.state))
    files = merged_texts(checkpoint.clip)
    assert list(files) == ["clip_l", "clip_g"]
    assert "text_model.encoder.layers.30.mlp.fc1.weight" in files["clip_g"].tensors
    paths = [write_state(tmp_path / f"{name}.safetensors", saved.tensors) for name, saved in files.items()]
    small = tiny_networks("sdxl").texts[0]
    assert small.config.num_hidden_layers == 3
    large = load_clip(paths[1:], "sdxl")
    cond = checkpoint.clip.encode(PROMPT)
    assert torch.equal(large.encode(PROMPT).embedding, cond.embedding[..., 64:])
    again = merged_checkpoint(checkpoint.model, replace(checkpoint.clip, encoders=large.encoders)).tensors
    original = {key: tensor for key, tensor in deep.state.items() if key.startswith(sdxl.TEXT_G)}
    assert all(torch.equal(again[key], tensor) for key, tensor in original.items())


@pytest.mark.parametrize(
    "parameterization",
    [
        Parameterization("eps"),
        Parameterization("v"),
        Parameterization("v", levels=DiscreteLevels(zsnr=True)),
        Parameterization("v", levels=LogarithmicLevels(0.25, 64.0)),
    ],
)
@pytest.mark.parametrize("name", ["sdxl", "sd2"])
def test_a_file_says_what_its_network_predicts(name: str, tmp_path: Path, parameterization: Parameterization) -> None:
    model = load(tmp_path, name).model
    saved = merged_checkpoint(model.with_parameterization(parameterization))
    again = load_checkpoint(write(tmp_path, saved)).model.parameterization
    assert again.prediction == parameterization.prediction
    assert again == parameterization or name == "sd2"  # which knows no other levels


def test_a_network_that_came_from_no_file_is_refused(tiny_model: Model) -> None:
    with pytest.raises(DiffusionError, match="model of the family sd1 that came from no file"):
        merged_checkpoint(tiny_model)


def test_names_get_the_root_that_is_wanted() -> None:
    tensors = {"model.diffusion_model.a": torch.zeros(1), "model.diffusion_model.b": torch.zeros(1)}
    assert list(rooted(tensors, ("", "model.", "model.diffusion_model."), "x.")) == ["x.a", "x.b"]
    assert list(rooted({**tensors, "c": torch.zeros(1)}, ("model.",), "x.")) == [f"x.{key}" for key in [*tensors, "c"]]
