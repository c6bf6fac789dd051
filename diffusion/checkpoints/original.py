"""Where the tensors of a diffusion network lie in its family's original files, whatever file it came from.

    sources = original_sources("sd3", backbone)
    sources["transformer_blocks.0.attn.to_k.weight"]  # View("joint_blocks.0.x_block.attn.qkv.weight", rows=(1536, 3072))

The keys have no prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.checkpoints.networks.aura_mmdit import aura_keys
from diffusion.checkpoints.networks.flux_keys import flux_keys
from diffusion.checkpoints.networks.mmdit import mmdit_sources
from diffusion.checkpoints.networks.z_image import z_image_source
from diffusion.checkpoints.views import Source

Sources = Mapping[str, Source]


def _unet(backbone: Any) -> Sources:
    return unet_keys(backbone.state_dict())


def _flux(backbone: Any) -> Sources:
    tensors = backbone.state_dict()
    return flux_keys(tensors, width=tensors["x_embedder.weight"].shape[0], norm="weight")


def _sd3(backbone: Any) -> Sources:
    return dict(mmdit_sources(backbone.state_dict(), width=backbone.inner_dim))


def _aura_flow(backbone: Any) -> Sources:
    return dict(aura_keys(backbone.state_dict()))


def _z_image(backbone: Any) -> Sources:
    return {name: z_image_source(name, "", backbone.config.dim) for name in backbone.state_dict()}


def _qwen_image(backbone: Any) -> Sources:
    return {name: name for name in backbone.state_dict()}


UNETS = frozenset({"sd1", "sd2", "sd2_unclip", "sdxl", "sdxl_refiner"})
ORIGINAL: Mapping[str, Callable[[Any], Sources]] = {
    **dict.fromkeys(sorted(UNETS), _unet),
    "aura_flow": _aura_flow,
    "flux": _flux,
    "flux2": _flux,
    "qwen_image": _qwen_image,
    "sd3": _sd3,
    "z_image": _z_image,
}


def original_sources(family: str, backbone: Any) -> Sources | None:
    """Return them by the names that the tensors have in diffusers; None for a family that is not known."""
    sources = ORIGINAL.get(family)
    return None if sources is None else sources(backbone)
