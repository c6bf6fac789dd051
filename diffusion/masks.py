"""Operations on masks: (batch, height, width) float32 in 0..1; white (1) is what may change.

wider = grow(mask, 8, tapered=True)
both = combine(mask, wider, 0, 0, "subtract")  # a ring
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.resize import edge_ramp

CHANNELS = ("red", "green", "blue", "alpha")


def flat(mask: Tensor) -> Tensor:
    """Return any mask as (batch, height, width)."""
    return mask.reshape(-1, mask.shape[-2], mask.shape[-1])


def solid(value: float, width: int, height: int) -> Tensor:
    """Return a mask of one grey."""
    return torch.full((1, height, width), value)


def crop(mask: Tensor, x: int, y: int, width: int, height: int) -> Tensor:
    """Cut out a rectangle, as far as it lies inside; at least a pixel remains."""
    mask = flat(mask)
    left, top = min(x, mask.shape[2] - 1), min(y, mask.shape[1] - 1)
    return mask[:, top : top + height, left : left + width]


def threshold(mask: Tensor, value: float) -> Tensor:
    """Make everything above a value white, the rest black."""
    return (mask > value).float()


Operation = Callable[[Tensor, Tensor], Tensor]
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "multiply": lambda below, above: below * above,
        "add": lambda below, above: below + above,
        "subtract": lambda below, above: below - above,
        "and": lambda below, above: (_is_white(below) & _is_white(above)).float(),
        "or": lambda below, above: (_is_white(below) | _is_white(above)).float(),
        "xor": lambda below, above: (_is_white(below) ^ _is_white(above)).float(),
    }
)


def _is_white(mask: Tensor) -> Tensor:
    return mask.round().bool()


def combine(below: Tensor, above: Tensor, x: int, y: int, operation: str) -> Tensor:
    """Put one mask upon another at (x, y)."""
    result, patch = flat(below).clone(), flat(above).to(below.device)
    target = result[:, y : y + patch.shape[1], x : x + patch.shape[2]]
    target.copy_(OPERATIONS[operation](target, patch[:, : target.shape[1], : target.shape[2]]))
    return result.clamp(0.0, 1.0)


def feather(mask: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Let each side fade out over its number of pixels."""
    mask = flat(mask)
    rows, columns = mask.shape[-2:]
    down = _ramps(rows, top, bottom, mask.device)
    along = _ramps(columns, left, right, mask.device)
    return mask * down[:, None] * along


def _ramps(length: int, start: int, end: int, device: torch.device) -> Tensor:
    rise = edge_ramp(length, min(start, length), at_start=True, at_end=False, device=device)
    return rise * edge_ramp(length, min(end, length), at_start=False, at_end=True, device=device)


def grow(mask: Tensor, pixels: int, *, tapered: bool) -> Tensor:
    """Widen the white by `pixels` (narrow it if negative): in a diamond if tapered, else in a square."""
    planes = flat(mask).unsqueeze(1)
    sign = -1.0 if pixels < 0 else 1.0
    planes = planes * sign
    for _ in range(min(abs(pixels), sum(planes.shape[-2:]))):  # more would change nothing
        planes = _dilate_cross(planes) if tapered else functional.max_pool2d(planes, 3, stride=1, padding=1)
    return (planes * sign).squeeze(1)


def _dilate_cross(planes: Tensor) -> Tensor:
    down = functional.max_pool2d(planes, (3, 1), stride=1, padding=(1, 0))
    along = functional.max_pool2d(planes, (1, 3), stride=1, padding=(0, 1))
    return torch.maximum(down, along)


def to_image(mask: Tensor) -> Tensor:
    """Return a mask as a grey image (batch, height, width, 3)."""
    return flat(mask).unsqueeze(-1).expand(-1, -1, -1, 3)


def from_channel(image: Tensor, channel: str) -> Tensor:
    """Return a channel of an image; ValueError if the image has no such channel."""
    index = CHANNELS.index(channel)
    if index >= image.shape[-1]:
        has = ", ".join(CHANNELS[: image.shape[-1]])
        raise ValueError(f"the image has no channel {channel}, only {has}; choose one of these")
    return image[..., index]


def from_colour(image: Tensor, colour: int) -> Tensor:
    """Return a mask that is white where the image has exactly the colour 0xRRGGBB."""
    levels = (image[..., :3].clamp(0, 1) * 255.0).round().int()
    return ((levels[..., 0] << 16) + (levels[..., 1] << 8) + levels[..., 2] == colour).float()


def padding_mask(rows: int, columns: int, left: int, top: int, right: int, bottom: int, feather: int) -> Tensor:
    """Return (1, height, width): 1 around rows x columns pixels, fading quadratically into them at padded sides."""
    inside = torch.zeros(rows, columns)
    if 0 < feather * 2 < min(rows, columns):
        down = _distance(rows, is_start=top != 0, is_end=bottom != 0)
        along = _distance(columns, is_start=left != 0, is_end=right != 0)
        nearest = torch.minimum(down[:, None], along)
        inside = ((feather - nearest) / feather).clamp(min=0) ** 2
    return functional.pad(inside, (left, right, top, bottom), value=1.0).unsqueeze(0)


def _distance(length: int, *, is_start: bool, is_end: bool) -> Tensor:
    """Return the pixels to the nearest padded end, `length` where there is none."""
    place = torch.arange(length, dtype=torch.float32)
    far = torch.full_like(place, length)
    return torch.minimum(place if is_start else far, length - place if is_end else far)


class InpaintMasks(NamedTuple):
    """Masks (batch, 1, height, width) of a picture's size: what is blanked, and the grown one that may change."""

    blank: Tensor
    change: Tensor


def inpaint_masks(mask: Tensor, height: int, width: int, grow_by: int) -> InpaintMasks:
    """Fit a mask to a picture and grow its white by about half of `grow_by` pixels on every side, as ComfyUI does."""
    fitted = functional.interpolate(flat(mask).unsqueeze(1), size=(height, width), mode="bilinear")
    if grow_by == 0:
        return InpaintMasks(fitted, fitted.round())
    kernel = torch.ones(1, 1, grow_by, grow_by)
    grown = functional.conv2d(fitted.round(), kernel, padding=math.ceil((grow_by - 1) / 2)).clamp(0, 1)
    return InpaintMasks(fitted, grown[..., :height, :width].round())
