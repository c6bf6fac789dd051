"""The names that programs give to the layers of Z-Image and Qwen-Image: those of the original files, and diffusers'.

names = z_image_names(backbone)
names.aliases["lora_unet_layers_0_attention_qkv"]  # "layers.0.attention.qkv.weight", which has three shares
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from torch import nn

from diffusion.checkpoints.networks.z_image import z_image_source
from diffusion.checkpoints.views import Source, as_view
from diffusion.lora.shares import Names, Share
from diffusion.lora.targets import ORIGINAL_DOTTED, WEIGHT

DOTTED = ("", "transformer.", "base_model.model.", *ORIGINAL_DOTTED)
UNDERSCORED = ("lora_unet_", "lycoris_", "lora_transformer_")


def z_image_names(backbone: Any) -> Names:
    """Return the names of Z-Image's layers."""
    width = backbone.config.dim
    return _names({name: z_image_source(name, "", width) for name in backbone.state_dict()})


def qwen_image_names(backbone: nn.Module) -> Names:
    """Return the names of Qwen-Image's layers, whose files have diffusers'."""
    return _names({name: name for name in backbone.state_dict()})


def _names(sources: Mapping[str, Source]) -> Names:
    """Return the names of layers, by where they lie in files."""
    aliases: dict[str, str] = {}
    shares: dict[str, list[Share]] = defaultdict(list)
    for name, source in sources.items():
        view = as_view(source)
        target = name if view.rows is None else view.key
        if view.rows is not None:
            shares[target].append(Share(name, (view.rows,)))
        aliases |= _spelled(view.key.removesuffix(WEIGHT), target) | _spelled(name.removesuffix(WEIGHT), name)
    return Names(aliases, {target: tuple(parts) for target, parts in shares.items()})


def _spelled(layer: str, target: str) -> dict[str, str]:
    flat = layer.replace(".", "_")
    return dict.fromkeys((*(prefix + layer for prefix in DOTTED), *(prefix + flat for prefix in UNDERSCORED)), target)
