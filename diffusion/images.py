"""Operations on images: size, place, batch, colour. An image is (batch, height, width, channels) float32 in 0..1.

small = scale(image, 64, 0, "area")  # 64 wide, in proportion
both = batch(image, small)           # the second fitted to the first
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image as Picture
from torch import Tensor
from torch.nn import functional

from diffusion.masks import flat, padding_mask
from diffusion.resize import crop_to_aspect, repeat_to_batch, resize

SCALE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
MEGAPIXEL = 1024 * 1024  # as ComfyUI counts
PADDING_GREY = 0.5


class Padded(NamedTuple):
    """A padded image and the mask (1, height, width) that is 1 where it was padded."""

    image: Tensor
    mask: Tensor


def scale(image: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Resize to width x height pixels; one of them 0 keeps the proportions, both 0 change nothing."""
    if width == 0 and height == 0:
        return image
    rows, columns = image.shape[1:3]
    width = width or max(1, round(columns * height / rows))
    height = height or max(1, round(rows * width / columns))
    planes = image.movedim(-1, 1)
    if method == "lanczos":
        planes = crop_to_aspect(planes, width / height) if crop == "center" else planes
        return resample(planes.movedim(1, -1), width, height)
    return resize(planes, width, height, method, crop).movedim(1, -1)


def scale_by(image: Tensor, factor: float, method: str) -> Tensor:
    """Resize by a factor; no side becomes less than a pixel."""
    rows, columns = image.shape[1:3]
    return scale(image, max(1, round(columns * factor)), max(1, round(rows * factor)), method)


def scale_to_megapixels(image: Tensor, megapixels: float, multiple: int, method: str) -> Tensor:
    """Resize in proportion to a number of pixels; both sides become multiples of `multiple`."""
    rows, columns = image.shape[1:3]
    factor = math.sqrt(int(megapixels * MEGAPIXEL) / (rows * columns))
    width, height = (max(1, round(side * factor / multiple)) * multiple for side in (columns, rows))
    return scale(image, width, height, method)


def resample(image: Tensor, width: int, height: int, method: str = "LANCZOS") -> Tensor:
    """Resize with a filter of Pillow's, in eight bits as ComfyUI does. method: a name of Pillow's Resampling."""
    resized = [
        np.asarray(Picture.fromarray(pixels).resize((width, height), Picture.Resampling[method]))
        for pixels in to_bytes(image)
    ]
    return from_bytes(np.stack(resized).reshape(len(resized), height, width, -1)).to(image.device)


def to_bytes(image: Tensor) -> list[np.ndarray]:
    """Return each picture as uint8, grey ones as (height, width); fractions are cut off, as in ComfyUI."""
    pixels = (image.detach().float().cpu() * 255.0).clamp(0, 255).numpy().astype(np.uint8)
    return [entry[..., 0] if entry.shape[-1] == 1 else entry for entry in pixels]


def from_bytes(pixels: np.ndarray) -> Tensor:
    """Return uint8 values as float32 in 0..1."""
    return torch.from_numpy(pixels.astype(np.float32) / 255.0)


def batch(first: Tensor, second: Tensor) -> Tensor:
    """Put the second after the first, resized (bilinear, cut to the proportions) and given alpha where they differ."""
    return join_batches((first, second))


def join_batches(batches: Sequence[Tensor]) -> Tensor:
    """Put several batches into one, resized and cut to the size of the first; ValueError if there is none."""
    if not batches:
        raise ValueError("there is nothing to join; link one input at least")
    channels = max(each.shape[-1] for each in batches)
    first, *rest = (with_channels(each, channels) for each in batches)
    return torch.cat([first, *(fit(each, first, "bilinear") for each in rest)])


def fit(image: Tensor, like: Tensor, method: str) -> Tensor:
    """Resize to the size of another, cut to its proportions."""
    if image.shape[1:3] == like.shape[1:3]:
        return image
    return scale(image, like.shape[2], like.shape[1], method, "center")


def with_channels(image: Tensor, channels: int) -> Tensor:
    """Drop the last channels, or add opaque ones, until there are so many."""
    missing = channels - image.shape[-1]
    return functional.pad(image, (0, missing), value=1.0) if missing > 0 else image[..., :channels]


def with_alpha(image: Tensor, mask: Tensor) -> Tensor:
    """Make transparent what a mask shows white; the mask is resized, and the smaller batch repeated."""
    size = image.shape[1:3]
    planes = functional.interpolate(flat(mask).to(image).unsqueeze(1), size=size, mode="bilinear").squeeze(1)
    batch = max(image.shape[0], planes.shape[0])
    alpha = 1.0 - repeat_to_batch(planes, batch)
    return torch.cat((repeat_to_batch(image, batch)[..., :3], alpha.unsqueeze(-1)), dim=-1)


def from_batch(image: Tensor, index: int, length: int) -> Tensor:
    """Take up to `length` pictures from `index` on (negative: from the end)."""
    start = max(0, min(image.shape[0] - 1, index + image.shape[0] if index < 0 else index))
    return image[start : start + length]


def crop(image: Tensor, x: int, y: int, width: int, height: int) -> Tensor:
    """Cut out a rectangle, as far as it lies inside; at least a pixel remains."""
    left, top = min(x, image.shape[2] - 1), min(y, image.shape[1] - 1)
    return image[:, top : top + height, left : left + width]


def pad(image: Tensor, left: int, top: int, right: int, bottom: int, feather: int) -> Padded:
    """Add grey at the sides, with a mask of what was added that fades into the picture over `feather` pixels."""
    padded = functional.pad(image, (0, 0, left, right, top, bottom), value=PADDING_GREY)
    rows, columns = image.shape[1:3]
    return Padded(padded, padding_mask(rows, columns, left, top, right, bottom, feather))


def solid(width: int, height: int, count: int, colour: int) -> Tensor:
    """Return pictures of one colour, 0xRRGGBB."""
    rgb = torch.tensor([colour >> 16 & 255, colour >> 8 & 255, colour & 255], dtype=torch.float32) / 255.0
    return rgb.expand(count, height, width, 3).clone()


def flip(image: Tensor, *, vertically: bool) -> Tensor:
    """Mirror upside down, or left to right."""
    return torch.flip(image, dims=[1 if vertically else 2])


def rotate(image: Tensor, quarters: int) -> Tensor:
    """Turn clockwise by quarters."""
    return torch.rot90(image, k=quarters, dims=[2, 1])


def composite_masked(
    below: Tensor, above: Tensor, x: int, y: int, *, resize_source: bool = False, mask: Tensor | None = None
) -> Tensor:
    """Put one image upon another where a mask (batch, height, width) in 0..1 says so."""
    rows, columns = below.shape[1:3]
    patch = with_channels(above, below.shape[-1]).to(below.device).movedim(-1, 1)
    if resize_source:
        patch = functional.interpolate(patch, size=(rows, columns), mode="bilinear")
    patch = repeat_to_batch(patch, below.shape[0])
    weight = torch.ones_like(patch[:, :1]) if mask is None else _weight(mask, patch)
    left, top = min(x, columns), min(y, rows)
    patch, weight = (part[..., : rows - top, : columns - left].movedim(1, -1) for part in (patch, weight))
    result = below.clone()
    target = result[:, top : top + patch.shape[1], left : left + patch.shape[2]]
    target.copy_(weight * patch + (1 - weight) * target)
    return result


def _weight(mask: Tensor, patch: Tensor) -> Tensor:
    planes = flat(mask).to(patch.device).unsqueeze(1)
    return repeat_to_batch(functional.interpolate(planes, size=patch.shape[-2:], mode="bilinear"), patch.shape[0])


def blank(image: Tensor, mask: Tensor) -> Tensor:
    """Make the colours grey where a mask (batch, 1, height, width) of the same size is at least half white."""
    keep = (1.0 - mask.round()).movedim(1, -1)
    colours = (image[..., :3] - PADDING_GREY) * keep + PADDING_GREY
    rest = image[..., 3:].expand(colours.shape[0], -1, -1, -1)
    return torch.cat((colours, rest), dim=-1)


def cut_to_multiple(planes: Tensor, multiple: int) -> Tensor:
    """Cut (…, height, width) around its middle to multiples of `multiple`, as the VAE does with pictures."""
    for dim in (-2, -1):
        size = planes.shape[dim]
        planes = planes.narrow(dim, size % multiple // 2, size // multiple * multiple)
    return planes


Blend = Callable[[Tensor, Tensor], Tensor]
BLENDS: Mapping[str, Blend] = MappingProxyType(
    {
        "normal": lambda below, above: above,
        "multiply": lambda below, above: below * above,
        "screen": lambda below, above: 1 - (1 - below) * (1 - above),
        "overlay": lambda below, above: torch.where(below <= 0.5, 2 * below * above, 1 - 2 * (1 - below) * (1 - above)),
        "soft_light": lambda below, above: _soft_light(below, above),
        "difference": lambda below, above: below - above,
    }
)


def blend(below: Tensor, above: Tensor, factor: float, mode: str) -> Tensor:
    """Mix two images, the second fitted (bicubic) to the first; factor 0 gives the first."""
    above = fit(with_channels(above, below.shape[-1]), below, "bicubic")
    return (below * (1 - factor) + BLENDS[mode](below, above) * factor).clamp(0, 1)


def _soft_light(below: Tensor, above: Tensor) -> Tensor:
    """Blend as W3C's Compositing and Blending Level 1, section 10.1.9, says."""
    lifted = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, torch.sqrt(below.clamp(min=0)))
    darker = below - (1 - 2 * above) * below * (1 - below)
    return torch.where(above <= 0.5, darker, below + (2 * above - 1) * (lifted - below))
