"""Tiny VAEs: the layers of a file are diffusers' AutoencoderTiny, in the scale of a VAE or of a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.errors import CheckpointError
from diffusion.tiny_vae import TINY_VAES, load_tiny_vae, preview_tiny
from diffusion.vae import decode, encode
from tests.tiny_checkpoint import write_state


class Files:
    """The two files of an autoencoder with the weights of a seed, as madebyollin's have them."""

    def __init__(self, folder: Path) -> None:
        from diffusers import AutoencoderTiny

        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.own: Any = AutoencoderTiny().eval().requires_grad_(False)
        folder.mkdir(parents=True, exist_ok=True)
        halves = {"encoder": (self.own.encoder, 0), "decoder": (self.own.decoder, 1)}
        self.paths = {name: folder / f"taesd_{name}.pth" for name in halves}
        for name, (half, offset) in halves.items():
            torch.save(sequence(half.state_dict(), offset), self.paths[name])


def sequence(state: dict[str, Tensor], offset: int) -> dict[str, Tensor]:
    """Return names that count layers from an offset on, without a word before them."""
    split = {name: name.removeprefix("layers.").split(".", 1) for name in state}
    return {f"{int(split[name][0]) + offset}.{split[name][1]}": tensor for name, tensor in state.items()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("taesd"))


@torch.no_grad()
def test_pictures_are_those_of_diffusers(files: Files) -> None:
    scale = TINY_VAES["taesd3"]
    vae = load_tiny_vae(files.paths["encoder"], files.paths["decoder"], scale)
    image = torch.rand(1, 32, 40, 3)
    latent = encode(vae, image)
    own = files.own.encode(image.movedim(-1, 1) * 2 - 1).latents
    torch.testing.assert_close(latent, own / scale.factor + scale.shift, atol=1e-5, rtol=1e-5)
    shown = files.own.decode((latent - scale.shift) * scale.factor).sample
    torch.testing.assert_close(decode(vae, latent), (shown / 2 + 0.5).clamp(0, 1).movedim(1, -1), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_a_preview_is_the_first_latent_in_the_scale_of_the_model(files: Files) -> None:
    vae = load_tiny_vae(None, files.paths["decoder"])
    latents = torch.randn(2, 4, 3, 5)
    picture = preview_tiny(vae, latents)
    assert (picture.size, picture.mode) == ((40, 24), "RGB")
    own = files.own.decode(latents[:1]).sample[0, :, 0, 0] / 2 + 0.5
    assert picture.getpixel((0, 0)) == tuple((own.clamp(0, 1) * 255).to(torch.uint8).tolist())


def test_a_file_of_something_else_is_refused(tmp_path: Path, files: Files) -> None:
    other = write_state(tmp_path / "other.safetensors", {"a": torch.zeros(1)})
    with pytest.raises(CheckpointError, match="no tiny decoder is in this file; found 1 other tensors"):
        load_tiny_vae(None, other)
    state = torch.load(files.paths["decoder"], weights_only=True) | {"3.pool.0.weight": torch.zeros(1)}
    pooled = write_state(tmp_path / "taef2.safetensors", state)
    with pytest.raises(CheckpointError, match="pooling"):
        load_tiny_vae(None, pooled)
