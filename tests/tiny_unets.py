"""Tiny random checkpoints of the families with a U-Net, in their original layouts.

networks = tiny_networks("sd1_inpaint")
path = write_state(tmp_path / "tiny.safetensors", networks.state)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.families import sd1, sd2, sd2_unclip, sdxl
from diffusion.checkpoints.networks.clip_text import TextSizes, build_text, open_clip_keys, text_keys
from diffusion.checkpoints.networks.kl_vae import VaeSizes, vae_part
from diffusion.checkpoints.networks.unet import Kind, UnetSizes, unet_part
from diffusion.checkpoints.views import Source
from tests.diffusion.checkpoints.written import original_state

VAE = VaeSizes((32, 32, 32, 32), 1, 4)
TEXT = TextSizes(49_408, 77, 64, 128, 3)
LARGE = TextSizes(49_408, 77, 128, 256, 3, projection=32)
SD1 = UnetSizes(4, 4, (32, 64), (1, 0), 1, 1, 64)
SD2 = UnetSizes(4, 4, (64, 128), (1, 0), 1, 1, 64, is_linear=True)
SDXL = UnetSizes(4, 4, (64, 128), (0, 2), 2, 1, 64 + 128, is_linear=True, vector_width=32 + 6 * 256)
SMALLER = SDXL._replace(channels=(64, 128, 128), depths=(0, 1, 2), middle_depth=0)
REFINER = UnetSizes(4, 4, (64, 64, 128), (0, 2, 0), 2, 1, 128, is_linear=True, vector_width=128 + 5 * 256)

PICTURE_WIDTH = 24  # of what CLIP sees for the tiny unCLIP

Keys = Callable[[nn.Module, str], Mapping[str, Source]]


class TinyText(NamedTuple):
    """A text encoder, and where it lies in a checkpoint."""

    sizes: TextSizes
    activation: str
    keys: Keys
    prefix: str


class Recipe(NamedTuple):
    """What a checkpoint is made of."""

    unet: UnetSizes
    kind: Kind
    texts: tuple[TinyText, ...]


SD1_TEXTS = (TinyText(TEXT, "quick_gelu", text_keys, sd1.TEXT),)
SD2_TEXTS = (TinyText(TEXT._replace(projection=64), "gelu", open_clip_keys, "cond_stage_model.model."),)
SDXL_TEXTS = (
    TinyText(TEXT, "quick_gelu", text_keys, "conditioner.embedders.0.transformer.text_model."),
    TinyText(LARGE, "gelu", open_clip_keys, "conditioner.embedders.1.model."),
)
REFINER_TEXTS = (TinyText(LARGE._replace(projection=128), "gelu", open_clip_keys, "conditioner.embedders.0.model."),)
RECIPES: Mapping[str, Recipe] = {
    "sd1_inpaint": Recipe(SD1._replace(in_channels=9), sd1.KIND, SD1_TEXTS),
    "sd1_instruct": Recipe(SD1._replace(in_channels=8), sd1.KIND, SD1_TEXTS),
    "sd2": Recipe(SD2, sd2.KIND, SD2_TEXTS),
    "sd2_inpaint": Recipe(SD2._replace(in_channels=9), sd2.KIND, SD2_TEXTS),
    "sd2_unclip": Recipe(SD2._replace(vector_width=2 * PICTURE_WIDTH), sd2_unclip.KIND, SD2_TEXTS),
    "sdxl": Recipe(SDXL, sdxl.KIND, SDXL_TEXTS),
    "sdxl_ssd": Recipe(SMALLER._replace(up_depths=((2, 3), (2, 1), (0, 0)), middle_resnets=1), sdxl.KIND, SDXL_TEXTS),
    "sdxl_koala": Recipe(SMALLER._replace(middle_resnets=0), sdxl.KIND, SDXL_TEXTS),
    "sdxl_refiner": Recipe(REFINER, sdxl.KIND, REFINER_TEXTS),
    "sdxl_inpaint": Recipe(SDXL._replace(in_channels=9), sdxl.KIND, SDXL_TEXTS),
    "sdxl_instruct": Recipe(SDXL._replace(in_channels=8), sdxl.KIND, SDXL_TEXTS),
}


@dataclass(frozen=True)
class TinyUnets:
    """The networks of a checkpoint, with weights of a seed, and its tensors."""

    unet: Any
    vae: Any
    texts: tuple[Any, ...]
    state: Mapping[str, Tensor]


def tiny_networks(name: str, layers: int | None = None) -> TinyUnets:
    """Return the networks of a recipe; layers: of its text encoders."""
    recipe = RECIPES[name]
    if layers is not None:
        texts = tuple(text._replace(sizes=text.sizes._replace(layers=layers)) for text in recipe.texts)
        recipe = recipe._replace(texts=texts)
    unet, vae = unet_part(recipe.unet, recipe.kind, sd1.UNET), vae_part(VAE, sd1.VAE)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        backbone, autoencoder = unet.build().eval(), vae.build().eval()
        modules = tuple(build_text(text.sizes, text.activation).eval() for text in recipe.texts)
    named = [(module, text.keys(module, text.prefix)) for module, text in zip(modules, recipe.texts, strict=True)]
    parts = [(backbone, unet.keys(backbone)), (autoencoder, vae.keys(autoencoder)), *named]
    return TinyUnets(backbone, autoencoder, modules, original_state(parts))
