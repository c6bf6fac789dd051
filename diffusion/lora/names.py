"""The names of a diffusion network's layers, whatever its family.

names_for("flux", backbone)  # None if the family's are not known
"""

from __future__ import annotations

from torch import nn

from diffusion.checkpoints.original import UNETS, original_sources
from diffusion.lora.layer_names import layer_names
from diffusion.lora.shares import Names
from diffusion.lora.targets import unet_aliases


def names_for(family: str, backbone: nn.Module) -> Names | None:
    """Return the names that files have for the layers of a network, and what they mean."""
    if family in UNETS:
        return Names(unet_aliases(backbone))
    sources = original_sources(family, backbone)
    return None if sources is None else layer_names(backbone, sources)
