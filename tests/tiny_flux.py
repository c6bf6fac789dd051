"""Tiny random networks of Flux.1 as files have them: transformer, text encoders and VAE, a file each.

files = write_flux(tmp_path, FLUX)  # about 22 MB, most of it vocabularies
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.networks.clip_text import TextSizes, build_text, text_keys
from diffusion.checkpoints.networks.flux import FluxSizes, flux_part
from diffusion.checkpoints.networks.kl_vae import VaeSizes, vae_part
from diffusion.checkpoints.networks.t5 import T5Sizes, t5_part
from diffusion.checkpoints.part import Part
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import write_state

FLUX = FluxSizes(
    in_channels=64,
    out_channels=64,
    width=64,
    head_width=32,
    layers=2,
    single_layers=2,
    context_width=48,
    pooled_width=64,
    has_guidance=True,
)
CLIP = TextSizes(49_408, 77, 64, 128, 2)
T5 = T5Sizes(32_128, width=48, inner_width=64, layers=2, heads=3, head_width=16)
VAE = VaeSizes((32, 32, 32, 32), 1, 16, has_quant_conv=False)


class FluxFiles(NamedTuple):
    """Where the networks lie."""

    model: Path
    clip: Path
    t5: Path
    vae: Path


def write_flux(folder: Path, sizes: FluxSizes = FLUX) -> FluxFiles:
    """Write files of the names that people have; the folders are those of models."""
    clip = Part(lambda: build_text(CLIP), lambda module: text_keys(module, "text_model."))
    parts = {
        "diffusion_models/flux.safetensors": flux_part(sizes, ""),
        "text_encoders/clip_l.safetensors": clip,
        "text_encoders/t5xxl.safetensors": t5_part(T5, ""),
        "vae/ae.safetensors": vae_part(VAE, ""),
    }
    return FluxFiles(*[_written(folder / name, part) for name, part in parts.items()])


def random_part(part: Part, seed: int = 0) -> Any:
    """Return the network of a part with the weights of a seed, no matrix of them zero."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = part.build().eval().requires_grad_(False)
        for parameter in module.parameters():
            if parameter.ndim > 1 and not bool(parameter.any()):
                nn.init.normal_(parameter, std=0.1)
    return module


def state_of(part: Part, seed: int = 0) -> dict[str, Tensor]:
    """Return the tensors of a file with that network."""
    module = random_part(part, seed)
    return original_state([(module, part.keys(module))])


def _written(path: Path, part: Part) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_state(path, state_of(part))
