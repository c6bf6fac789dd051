"""Loaders: what comes out of a file, and what the key of a loader depends on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.checkpoints.families.sd1 import TEXT, UNET
from diffusion.clip import Clip
from diffusion.errors import DiffusionError
from diffusion.latents import Latent
from diffusion.models import Model, Vae
from graph.widgets import File
from nodes.loaders import CLIPLoader, DualCLIPLoader, LoadCheckpoint, UNETLoader, VAELoader
from nodes.text import CLIPTextEncode
from nodes.vae import VAEDecode
from tests.nodes.folder_host import FolderRun


@pytest.fixture
def folder(tmp_path: Path, tiny_checkpoint: Path) -> Path:
    for kind in ("checkpoints", "vae"):
        (tmp_path / "models" / kind).mkdir(parents=True)
        shutil.copy(tiny_checkpoint, tmp_path / "models" / kind / "tiny.safetensors")
    return tmp_path


def test_a_checkpoint_gives_its_three_networks(folder: Path) -> None:
    loaded = LoadCheckpoint("tiny.safetensors", run=FolderRun(folder))
    assert [type(part) for part in loaded] == [Model, Clip, Vae]


def test_a_vae_may_come_out_of_a_checkpoint(folder: Path) -> None:
    assert isinstance(VAELoader("tiny.safetensors", run=FolderRun(folder)), Vae)


def test_networks_come_out_of_files_of_their_own(folder: Path) -> None:
    whole = load_file(folder / "models" / "checkpoints" / "tiny.safetensors")
    for kind, prefix, beginning in (("diffusion_models", UNET, ""), ("text_encoders", TEXT, "text_model.")):
        (folder / "models" / kind).mkdir()
        part = {beginning + key.removeprefix(prefix): each for key, each in whole.items() if key.startswith(prefix)}
        save_file(part, folder / "models" / kind / "part.safetensors")
    run = FolderRun(folder)
    loaded = LoadCheckpoint("tiny.safetensors", run=run)
    model, clip = UNETLoader("part.safetensors", run=run), CLIPLoader("part.safetensors", run=run)
    assert (model.family, model.parameterization) == (loaded.MODEL.family, loaded.MODEL.parameterization)
    x, context = torch.ones(1, 4, 8, 8), clip.encode("a cat").embedding
    assert torch.equal(context, loaded.CLIP.encode("a cat").embedding)
    time = torch.tensor([7.0])
    torch.testing.assert_close(model.apply(x, time, context), loaded.MODEL.apply(x, time, context))
    with pytest.raises(DiffusionError, match=r"do not go together for the type sdxl: part\.safetensors is CLIP-L"):
        DualCLIPLoader("part.safetensors", "part.safetensors", "sdxl", run=run)


def test_what_a_checkpoint_lacks_is_said_where_it_is_wanted(folder: Path) -> None:
    path = folder / "models" / "checkpoints" / "tiny.safetensors"
    save_file({key: each for key, each in load_file(path).items() if key.startswith(UNET)}, path)
    loaded = LoadCheckpoint("tiny.safetensors", run=FolderRun(folder))
    assert isinstance(loaded.MODEL, Model)
    with pytest.raises(DiffusionError, match=r"tiny\.safetensors: no text encoders .* of their own with CLIPLoader"):
        CLIPTextEncode("a cat", loaded.CLIP)
    with pytest.raises(DiffusionError, match=r"tiny\.safetensors: no VAE .* of its own with VAELoader"):
        VAEDecode(Latent(torch.zeros(1, 4, 8, 8)), loaded.VAE, run=FolderRun(folder))


@pytest.mark.parametrize(("node", "kind"), [(LoadCheckpoint, "checkpoints"), (VAELoader, "vae")])
def test_a_loader_runs_again_when_its_file_changes(node: object, kind: str) -> None:
    (socket,) = node.spec.inputs  # type: ignore[attr-defined]
    assert socket.widget == File(kind)  # the engine puts a digest of such a file into the key
