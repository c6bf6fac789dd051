"""Whose latents are: from models through operators to VAEs, and what files of a VAE alone tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from compat.wires import latent as wire
from diffusion.checkpoints.detect import known_families
from diffusion.checkpoints.header import header_of
from diffusion.checkpoints.load import vae_in
from diffusion.checkpoints.together import whole_of
from diffusion.conditioning import Cond
from diffusion.latent_batches import rebatch, repeat, select
from diffusion.latent_kinds import ARCHITECTURE, BY_CHANNELS, TITLES, architecture, told_by
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.sampling import sample
from diffusion.tiny_vae import TINY_VAES
from tests.diffusion.checkpoints.stripped import header, headers_of


@pytest.mark.parametrize("family", [each.name for each in known_families()])
def test_every_family_says_whose_its_latents_are(family: str) -> None:
    for found in headers_of(family):
        whole = whole_of(found)
        (kind,) = whole.backbone.latent_format.kinds
        assert kind in TITLES
        assert whole.vae is None or whole.vae.latent_format.kinds == (kind,)


def test_tiny_vaes_say_whose_they_are() -> None:
    assert all(set(scale.kinds) <= TITLES.keys() and len(scale.kinds) == 1 for scale in TINY_VAES.values())


@pytest.mark.parametrize(
    ("name", "channels", "kinds"),
    [
        ("vae", 4, ("sd1", "sdxl")),
        ("sdxl_vae", 4, ("sdxl",)),
        ("SDXL.vae", 4, ("sdxl",)),
        ("vae-ft-mse-840000-ema-pruned", 4, ("sd1",)),
        ("flux_sdxl", 4, ("sdxl",)),
        ("vae", 16, ("sd3", "flux")),
        ("ae", 16, ("flux",)),
        ("sd3.5_vae", 16, ("sd3",)),
        ("sd3_or_flux", 16, ("sd3", "flux")),
        ("sdxl", 8, ()),
    ],
)
def test_names_of_files_tell_vaes_apart_that_look_alike(name: str, channels: int, kinds: tuple[str, ...]) -> None:
    shapes = {key: [info.dtype, info.shape] for key, info in header("vae").tensors.items()}
    shapes["decoder.conv_in.weight"] = ["F32", (512, channels, 3, 3)]
    assert vae_in(header_of(Path(f"{name}.safetensors"), shapes)).latent_format.kinds == kinds


def test_metadata_tell_too() -> None:
    shapes = {key: [info.dtype, info.shape] for key, info in header("vae").tensors.items()}
    told = {"modelspec.architecture": "stable-diffusion-xl-v1-base/vae"}
    for name in ("a.safetensors", "sd15_vae.safetensors"):
        assert vae_in(header_of(Path(name), shapes, told)).latent_format.kinds == ("sdxl",)


@pytest.mark.parametrize("kind", [kind for kinds in BY_CHANNELS.values() for kind in kinds])
def test_a_saved_vae_says_whose_it_is(kind: str) -> None:
    (of_it,) = (kinds for kinds in BY_CHANNELS.values() if kind in kinds)
    assert told_by(architecture((kind,))[ARCHITECTURE], "any", of_it) == (kind,)
    assert architecture(of_it) == {}


def test_a_sampled_latent_is_of_its_model(tiny_model: Model) -> None:
    model = replace(tiny_model, latent_format=replace(tiny_model.latent_format, kinds=("sdxl",)))
    latent = Latent(torch.zeros(1, 4, 8, 8), kinds=("sd1",))
    prompt = (Cond(torch.zeros(1, 7, 32)),)
    made = sample(model, prompt, prompt, latent, seed=1, steps=1, cfg=1.0, sampler_name="euler", scheduler="normal")
    assert made.kinds == ("sdxl",)


def test_operators_leave_it_and_packs_see_nothing_of_it() -> None:
    latent = Latent(torch.zeros(2, 4, 8, 8), kinds=("sd1",))
    made = (select(latent, 1, 1), repeat(latent, 2), *rebatch([latent], 1))
    assert all(each.kinds == ("sd1",) for each in made)
    assert wire.to_pack(latent).keys() == {"samples"}
