"""Tiny random networks of Flux.2 as files have them: transformer, language model and VAE, a file each.

files = write_flux2(tmp_path / "models")
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch

from diffusion.checkpoints.networks.flux2 import Flux2Sizes, flux2_part
from diffusion.checkpoints.networks.flux2_vae import Flux2VaeSizes, flux2_vae_part
from diffusion.checkpoints.networks.kl_vae import VaeSizes
from diffusion.checkpoints.networks.language import LanguageSizes
from diffusion.checkpoints.networks.mistral import HEAD_WIDTH
from diffusion.checkpoints.networks.qwen3 import qwen3_part
from diffusion.checkpoints.part import Part
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import state_of

QWEN = LanguageSizes(151_936, width=16, inner_width=32, layers=28, heads=2, key_heads=1, head_width=8)
MISTRAL = LanguageSizes(131_072, width=16, inner_width=32, layers=32, heads=2, key_heads=1, head_width=HEAD_WIDTH)
FLUX2 = Flux2Sizes(
    channels=128,
    out_channels=128,
    width=64,
    inner_width=192,
    head_width=32,
    layers=1,
    single_layers=2,
    context_width=3 * QWEN.width,
    has_guidance=True,
)
VAE = Flux2VaeSizes(VaeSizes((32, 32, 32, 32), 1, 32), decoder_channels=(16, 16, 32, 32))


class Flux2Files(NamedTuple):
    """Where the networks lie."""

    model: Path
    text: Path
    vae: Path


def vae_part(*, quant_inside: bool = False) -> Part:
    """Return a VAE whose statistics are not those of noise."""
    part = flux2_vae_part(VAE, "", quant_inside=quant_inside)

    def build() -> torch.nn.Module:
        module = part.build()
        module.get_buffer("bn.running_mean").uniform_(-1, 1)
        module.get_buffer("bn.running_var").uniform_(0.5, 2)
        return module

    return Part(build, part.keys)


def write_flux2(folder: Path, sizes: Flux2Sizes = FLUX2) -> Flux2Files:
    """Write files of the names that people have; the folders are those of models."""
    parts = {
        "diffusion_models/flux2.safetensors": flux2_part(sizes, ""),
        "text_encoders/qwen3.safetensors": qwen3_part(QWEN, "model."),
        "vae/flux2-vae.safetensors": vae_part(),
    }
    for name, part in parts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_state(path, state_of(part))
    return Flux2Files(*[folder / name for name in parts])
