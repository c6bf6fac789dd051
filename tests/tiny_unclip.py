"""A tiny random unCLIP checkpoint of Stable Diffusion 2 in its original layout.

unclip = tiny_unclip()
path = write_state(tmp_path / "tiny.safetensors", unclip.state)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffusion.checkpoints.families.sd2_unclip import DEVIATION, MEAN
from diffusion.checkpoints.networks.clip_vision import INSIDE, VisionLayout, VisionSizes, build_vision, vision_keys
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_unets import PICTURE_WIDTH, TinyUnets, tiny_networks

VISION = VisionSizes(width=64, inner_width=96, layers=3, patch=14, image=28, projection=PICTURE_WIDTH, is_siglip=False)
OPEN_CLIP, TRANSFORMERS = VisionLayout(INSIDE, is_open_clip=True), VisionLayout(f"{INSIDE}vision_model.", False)


class TinyUnclip(NamedTuple):
    """The networks, and the tensors of the checkpoint."""

    networks: TinyUnets
    vision: Any
    state: Mapping[str, Tensor]


def tiny_unclip(layout: VisionLayout = OPEN_CLIP) -> TinyUnclip:
    """Return the networks of a seed; layout: of the one that reads pictures."""
    networks, vision = tiny_networks("sd2_unclip"), tiny_vision(VISION)
    inside = original_state([(vision, vision_keys(vision, VISION, layout))])
    return TinyUnclip(networks, vision, {**networks.state, **inside})


def vision_state(sizes: VisionSizes, layout: VisionLayout) -> Mapping[str, Tensor]:
    """Return the tensors of a network that reads pictures."""
    vision = tiny_vision(sizes)
    return original_state([(vision, vision_keys(vision, sizes, layout))])


def tiny_vision(sizes: VisionSizes) -> Any:
    """Return a network that reads pictures, with the weights of a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_vision(sizes).eval().requires_grad_(False)


def tiny_statistics() -> dict[str, Tensor]:
    """Return statistics of what is seen, as a checkpoint may have them."""
    generator = torch.Generator().manual_seed(2)
    mean, spread = torch.randn(2, 1, PICTURE_WIDTH, generator=generator)
    return {MEAN: mean, DEVIATION: spread.abs() + 0.5}
