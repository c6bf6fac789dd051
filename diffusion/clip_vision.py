"""What networks see in pictures: CLIP's and SigLIP's, for models that are prompted with pictures.

    vision = load_clip_vision(path)
    seen = vision.encode_image(image)  # image: (batch, height, width, channels) in 0..1
    seen.image_embeds                  # (batch, 768)

How a picture is prepared are ComfyUI's numbers, so that what is seen is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.alone import load_alone
from diffusion.checkpoints.networks.clip_vision import read_vision, vision_part
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep
from diffusion.errors import DiffusionError
from diffusion.handles import device_of, dtype_of
from diffusion.quantize import Precision
from diffusion.streaming import Keeper, kept

RGB = 3
CLIP_MEAN, CLIP_DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # Radford et al.
SIGLIP_MEAN = SIGLIP_DEVIATION = (0.5, 0.5, 0.5)
PLAIN = Precision()


@dataclass(frozen=True)
class VisionOutput:
    """What a network sees in pictures, float32 on the CPU.

    image_embeds: (batch, width), or (batch, patches, width) of SigLIP. last_hidden_state, penultimate_hidden_states: of
    the last layer and the last but one, (batch, tokens, width).
    """

    image_embeds: Tensor
    last_hidden_state: Tensor
    penultimate_hidden_states: Tensor

    def __getitem__(self, name: str) -> Tensor:
        """Return one of them by its name, as packs ask for it."""
        value: Tensor = getattr(self, name)
        return value


class Scale(NamedTuple):
    """Of red, green and blue."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


class Seen(NamedTuple):
    """What a network gives, on its device: what pictures become, the last layer's vectors, and what goes into each and out."""

    embeds: Tensor
    last: Tensor
    hidden: tuple[Tensor, ...]


@dataclass(frozen=True)
class ClipVision:
    """A network that reads pictures of `image_size` pixels on a side."""

    network: nn.Module
    image_size: int
    is_siglip: bool = False
    digest: str = ""
    computed: torch.dtype | None = None
    keeper: Keeper | None = None

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return device_of(self.keeper, self.network)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return self.computed or dtype_of(self.keeper, self.network)

    @property
    def scale(self) -> Scale:
        """The mean and the deviation of what the network wants."""
        return Scale(SIGLIP_MEAN, SIGLIP_DEVIATION) if self.is_siglip else Scale(CLIP_MEAN, CLIP_DEVIATION)

    @torch.no_grad()
    def encode_image(self, image: Tensor, crop: bool = True) -> VisionOutput:
        """Return what the network sees. crop: cut the longer side; else the picture is squeezed to a square."""
        seen = self.see(normalized(fit_square(image, self.image_size, is_cut=crop), *self.scale))
        return VisionOutput(*(part.float().cpu() for part in (seen.embeds, seen.last, seen.hidden[-2])))

    @torch.no_grad()
    def see(self, pixels: Tensor) -> Seen:
        """Return what all layers give for pictures as the network wants them, (batch, 3, rows, columns)."""
        network: Any = self.network

        def work() -> Any:
            return network(pixels.to(self.device, self.dtype), output_hidden_states=True)

        found = kept(self.keeper, "encode image", pixels.shape, work)
        embeds = found.last_hidden_state if self.is_siglip else found.image_embeds
        return Seen(embeds, found.last_hidden_state, tuple(found.hidden_states))


def fit_square(image: Tensor, side: int, *, is_cut: bool) -> Tensor:
    """Return pictures as squares of a side (batch, 3, side, side), in 256 steps."""
    if image.shape[-1] < RGB:
        raise DiffusionError(
            f"The picture has {image.shape[-1]} channels; CLIP reads pictures with red, green and blue."
        )
    pixels = image[..., :RGB].movedim(-1, 1)
    height, width = pixels.shape[-2:]
    if (height, width) != (side, side):
        scale = side / min(height, width)
        size = (round(scale * height), round(scale * width)) if is_cut else (side, side)
        pixels = functional.interpolate(pixels, size=size, mode="bicubic", antialias=True)
        top, left = (pixels.shape[-2] - side) // 2, (pixels.shape[-1] - side) // 2
        pixels = pixels[..., top : top + side, left : left + side]
    return (pixels * 255.0).clamp(0, 255).round() / 255.0


def normalized(pixels: Tensor, mean: tuple[float, ...], deviation: tuple[float, ...]) -> Tensor:
    """Return pixels as networks want them."""
    return (pixels - torch.tensor(mean).view(-1, 1, 1)) / torch.tensor(deviation).view(-1, 1, 1)


def load_clip_vision(
    path: Path,
    *,
    precision: Precision = PLAIN,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> ClipVision:
    """Load a network that reads pictures; keep: as load_checkpoint has it."""
    weights = open_any(path)
    sizes, layout = read_vision(weights.header)
    loaded = load_alone(weights, vision_part(sizes, layout), "clip vision", precision, device=device, keep=keep)
    return ClipVision(loaded.module, sizes.image, sizes.is_siglip, loaded.digest, precision.computed, loaded.keeper)
