"""ComfyUI's `comfy.clip_vision`: networks that read pictures, as packs load and ask them.

vision = load(folder_paths.get_full_path("clip_vision", name))
vision.encode_image(image)["image_embeds"]
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from compat.shims.finder import lent
from compat.wires.clip_vision import ClipVisionModel, Output, to_pack
from diffusion.clip_vision import CLIP_DEVIATION, CLIP_MEAN, fit_square, normalized
from nodes.host import Host

__all__ = ["ClipVisionModel", "Output", "clip_preprocess", "load"]


def load(ckpt_path: str) -> ClipVisionModel:
    """Return the network of a file, the same as long as the file does not change."""
    host = lent().resource(Host)  # type: ignore[type-abstract]  # a protocol is the key
    return to_pack(host.load_clip_vision(Path(ckpt_path)))


def clip_preprocess(
    image: Tensor,
    size: int = 224,
    mean: tuple[float, ...] = CLIP_MEAN,
    std: tuple[float, ...] = CLIP_DEVIATION,
    crop: bool = True,
) -> Tensor:
    """Return pictures (batch, height, width, channels) in 0..1 as networks want them: (batch, 3, size, size)."""
    return normalized(fit_square(image, size, is_cut=crop), tuple(mean), tuple(std))
