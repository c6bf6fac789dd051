"""The names of a diffusion network's layers, whatever its family.

names_for("flux", backbone)  # None if LoRAs of the family are not known
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from diffusion.lora.flux_names import flux_names
from diffusion.lora.shares import Names
from diffusion.lora.targets import ORIGINAL_NAMES, unet_aliases
from diffusion.lora.transformer_names import qwen_image_names, z_image_names

TRANSFORMERS: Mapping[str, Callable[[nn.Module], Names]] = {
    "flux": flux_names,
    "flux2": flux_names,
    "qwen_image": qwen_image_names,
    "z_image": z_image_names,
}
FAMILIES = (*ORIGINAL_NAMES, *TRANSFORMERS)  # whose layers are known


def names_for(family: str, backbone: nn.Module) -> Names | None:
    """Return the names that files have for the layers of a network, and what they mean."""
    if family in TRANSFORMERS:
        return TRANSFORMERS[family](backbone)
    return Names(unet_aliases(family, backbone)) if family in ORIGINAL_NAMES else None
