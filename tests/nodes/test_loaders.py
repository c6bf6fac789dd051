"""Loaders: what comes out of a file, and what the key of a loader depends on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffusion.checkpoints.families.sd1 import TEXT, UNET
from diffusion.checkpoints.networks.clip_vision import INSIDE
from diffusion.clip import Clip
from diffusion.clip_vision import ClipVision
from diffusion.errors import DiffusionError
from diffusion.latents import Latent
from diffusion.models import Model, Vae
from graph.widgets import File
from nodes.clip_vision import CLIPVisionEncode
from nodes.loaders import (
    CLIPLoader,
    DualCLIPLoader,
    LoadCheckpoint,
    UNETLoader,
    VAELoader,
    unCLIPCheckpointLoader,
)
from nodes.text import CLIPTextEncode
from nodes.vae import VAEDecode
from tests.nodes.folder_host import FolderRun
from tests.tiny_checkpoint import write_state
from tests.tiny_unclip import tiny_unclip


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


def test_an_unclip_checkpoint_gives_what_reads_pictures_too(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    write_state(folder / "tiny.safetensors", tiny_unclip().state)
    loaded = unCLIPCheckpointLoader("tiny.safetensors", run=FolderRun(tmp_path))
    assert [type(part) for part in loaded] == [Model, Clip, Vae, ClipVision]
    assert unCLIPCheckpointLoader.spec.outputs[3].type.name == "CLIP_VISION"


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (
            INSIDE,
            r"tiny\.safetensors: no network that reads pictures .* Take an unCLIP checkpoint, or .* CLIPVisionLoader",
        ),
        (f"{INSIDE}ln_post.", r"visual\.ln_post\.weight is missing .* Take an unCLIP checkpoint"),
    ],
)
def test_a_checkpoint_without_it_says_so_where_it_is_wanted(tmp_path: Path, lacking: str, said: str) -> None:
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    state = {key: each for key, each in tiny_unclip().state.items() if not key.startswith(lacking)}
    write_state(folder / "tiny.safetensors", state)
    loaded = unCLIPCheckpointLoader("tiny.safetensors", run=FolderRun(tmp_path))
    assert isinstance(loaded.MODEL, Model)
    with pytest.raises(DiffusionError, match=said):
        CLIPVisionEncode(loaded.CLIP_VISION, torch.zeros(1, 28, 28, 3))


@pytest.mark.parametrize(
    ("node", "kind"), [(LoadCheckpoint, "checkpoints"), (unCLIPCheckpointLoader, "checkpoints"), (VAELoader, "vae")]
)
def test_a_loader_runs_again_when_its_file_changes(node: object, kind: str) -> None:
    (socket,) = node.spec.inputs  # type: ignore[attr-defined]
    assert socket.widget == File(kind)  # the engine puts a digest of such a file into the key
