"""Key maps: one to one, complete, and what diffusers' own converters make of the same file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
from torch import Tensor, nn

from diffusion.checkpoints.families.sd1 import KIND, TEXT, UNET, VAE, to_original_keys
from diffusion.checkpoints.ldm_keys import unet_keys, vae_keys
from diffusion.checkpoints.networks.clip_text import TextSizes, build_text, text_keys
from diffusion.checkpoints.networks.kl_vae import VaeSizes, build_vae
from diffusion.checkpoints.networks.unet import UnetSizes, build_unet
from tests.tiny_checkpoint import TinyNetworks

SD15 = json.loads((Path(__file__).parent / "headers" / "sd1" / "sd15.json").read_text())
UNETS = [
    UnetSizes(4, 4, (320, 640, 1280, 1280), (1, 1, 1, 0), 1, 2, 768),
    UnetSizes(4, 4, (64, 128, 192), (1, 1, 1), 1, 1, 192),
    UnetSizes(4, 4, (32, 64), (0, 1), 1, 3, 64),
    UnetSizes(4, 4, (32,), (1,), 1, 1, 64),
]


def on_meta(build: object, *sizes: object) -> nn.Module:
    with torch.device("meta"):
        return build(*sizes)


def with_prefix(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}


@pytest.mark.parametrize("sizes", UNETS)
def test_u_net_keys_agree_with_the_converter_of_diffusers(sizes: UnetSizes) -> None:
    ours = on_meta(build_unet, sizes, KIND).state_dict()
    original = to_original_keys(ours, {}, {})
    assert len(original) == len(ours)
    settings = {"layers_per_block": sizes.layers, "class_embed_type": None, "addition_embed_type": None}
    back = convert_ldm_unet_checkpoint(original, settings)
    assert back.keys() == ours.keys()
    assert all(back[name] is ours[name] for name in ours)


@pytest.mark.parametrize("sizes", [VaeSizes((128, 256, 512, 512), 2, 4), VaeSizes((32, 64), 1, 4)])
def test_vae_keys_agree_with_the_converter_of_diffusers(sizes: VaeSizes) -> None:
    ours = on_meta(build_vae, sizes).state_dict()
    original = with_prefix(to_original_keys({}, ours, {}), VAE)
    levels = len(sizes.channels)
    back = convert_ldm_vae_checkpoint(original, {"down_block_types": [""] * levels, "up_block_types": [""] * levels})
    assert back.keys() == ours.keys()
    assert {name: tensor.shape for name, tensor in back.items()} == {name: t.shape for name, t in ours.items()}


def test_a_full_model_has_the_keys_and_shapes_of_stable_diffusion_15() -> None:
    unet, vae = on_meta(build_unet, UNETS[0], KIND), on_meta(build_vae, VaeSizes((128, 256, 512, 512), 2, 4))
    text = on_meta(build_text, TextSizes(49_408, 77, 768, 3072, 12))
    state = to_original_keys(unet.state_dict(), vae.state_dict(), text.state_dict())
    assert {key: list(tensor.shape) for key, tensor in state.items()}.items() <= {
        key: shape for key, (_, shape) in SD15.items()
    }.items()
    assert len(state) == 686 + 248 + 196


def test_both_directions_of_the_maps_agree() -> None:
    networks = TinyNetworks()
    state = networks.original_state()
    maps = (
        (networks.unet, {name: UNET + key for name, key in unet_keys(networks.unet.state_dict()).items()}),
        (networks.vae, {name: VAE + key for name, key in vae_keys(networks.vae.state_dict()).items()}),
        (networks.text, text_keys(networks.text, TEXT)),
    )
    assert len(state) == sum(len(keys) for _, keys in maps)
    for module, keys in maps:
        for name, tensor in module.state_dict().items():
            torch.testing.assert_close(state[keys[name]].reshape(tensor.shape), tensor, atol=0, rtol=0)


def test_vae_attention_is_a_convolution_in_the_original_layout() -> None:
    state = TinyNetworks().original_state()
    assert state["first_stage_model.encoder.mid.attn_1.q.weight"].shape == (32, 32, 1, 1)
    assert state["first_stage_model.encoder.mid.attn_1.q.bias"].shape == (32,)
