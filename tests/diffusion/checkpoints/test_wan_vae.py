"""The VAE of Wan and Qwen-Image: real names and sizes, and pictures through a tiny one as diffusers makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from diffusion.checkpoints.fill import check_shapes
from diffusion.checkpoints.load import load_vae
from diffusion.checkpoints.networks.wan_vae import WanVaeSizes, wan_vae_part
from diffusion.checkpoints.vaes import find_vae
from diffusion.errors import DiffusionError
from diffusion.latent_formats import WAN
from diffusion.models import Vae
from diffusion.vae import decode, decode_tiled, encode
from tests.diffusion.checkpoints.stripped import header
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import write_state

SIZES = WanVaeSizes((8, 16, 32, 32), 2, 16, (False, True, True))


@pytest.fixture(scope="module")
def own() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return wan_vae_part(SIZES, "").build().eval()


@pytest.fixture(scope="module")
def vae(own: Any, tmp_path_factory: pytest.TempPathFactory) -> Vae:
    keys = wan_vae_part(SIZES, "").keys(own)
    return load_vae(write_state(tmp_path_factory.mktemp("wan") / "vae.safetensors", original_state([(own, keys)])))


def test_the_tensors_of_a_real_file_are_those_of_the_network() -> None:
    seen = header("../vaes/wan")
    found = find_vae(seen)
    assert found is not None
    with torch.device("meta"):
        module = found.part.build()
    keys = found.part.keys(module)
    check_shapes(seen, {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}, keys)
    assert sorted(map(str, keys.values())) == sorted(seen.tensors)


@torch.no_grad()
def test_a_picture_is_encoded_and_decoded_as_one_frame(own: Any, vae: Vae) -> None:
    image = torch.rand(2, 32, 24, 3, generator=torch.Generator().manual_seed(1))
    pixels = image.movedim(-1, 1).unsqueeze(2) * 2 - 1
    latents = encode(vae, image)
    assert latents.shape == (2, 16, 1, 4, 3)
    torch.testing.assert_close(latents, own.encode(pixels).latent_dist.mode(), atol=1e-4, rtol=0)
    expected = own.decode(latents).sample.squeeze(2).movedim(1, -1) / 2 + 0.5
    torch.testing.assert_close(decode(vae, latents), expected, atol=1e-4, rtol=0)
    assert torch.equal(decode(vae, latents.squeeze(2)), decode(vae, latents))


def test_a_picture_is_decoded_in_tiles(vae: Vae) -> None:
    latents = torch.randn(1, 16, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    assert decode_tiled(vae, latents, tile=64).shape == (1, 64, 64, 3)


def test_latents_of_several_frames_are_refused(vae: Vae) -> None:
    with pytest.raises(DiffusionError, match="has 3 frames"):
        decode(vae, torch.zeros(1, 16, 3, 4, 4))


@pytest.mark.parametrize("shape", [(1, 16, 4, 4), (1, 16, 1, 4, 4)])
def test_each_channel_has_a_scale_of_its_own(shape: tuple[int, ...]) -> None:
    latents = torch.randn(shape)
    scaled = WAN.process_in(latents)
    torch.testing.assert_close(scaled[:, 3], (latents[:, 3] - 0.1075) / 2.6558)
    torch.testing.assert_close(WAN.process_out(scaled), latents)


def test_the_vae_of_wan_2_2_is_another(tmp_path: Path) -> None:
    seen = header("../vaes/wan")
    tensors = {**seen.tensors, "decoder.upsamples.0.upsamples.0.residual.2.weight": seen.tensors["conv2.weight"]}
    assert find_vae(type(seen)(tmp_path, tensors)) is None
