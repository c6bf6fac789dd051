"""Sizes for pictures and masks by rules: the longer side, the number of pixels, another picture's, multiples.

size = longer_side(Size(640, 480), 512)  # Size(width=512, height=384)
resized(mask, size, "area")  # masks (batch, rows, columns) and pictures (batch, rows, columns, channels)
"""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor

from diffusion.images import MEGAPIXEL, scale

# Sizes at which Flux Kontext was trained, portrait to landscape (BFL's flux, util.py).
KONTEXT_SIZES = (
    *((672, 1568), (688, 1504), (720, 1456), (752, 1392), (800, 1328), (832, 1248), (880, 1184), (944, 1104)),
    (1024, 1024),
    *((1104, 944), (1184, 880), (1248, 832), (1328, 800), (1392, 752), (1456, 720), (1504, 688), (1568, 672)),
)


class Size(NamedTuple):
    """A size in pixels."""

    width: int
    height: int


def size_of(planes: Tensor) -> Size:
    """Return the size of pictures or masks."""
    return Size(planes.shape[2], planes.shape[1])


def resized(planes: Tensor, size: Size, method: str, crop: str = "disabled") -> Tensor:
    """Return pictures or masks at another size; no side becomes less than a pixel."""
    width, height = max(1, size.width), max(1, size.height)
    if planes.ndim == 4:
        return scale(planes, width, height, method, crop)
    return scale(planes.unsqueeze(-1), width, height, method, crop).squeeze(-1)


def by_factor(size: Size, factor: float) -> Size:
    """Return a size times a number."""
    return Size(round(size.width * factor), round(size.height * factor))


def in_proportion(size: Size, width: int, height: int) -> Size:
    """Return width and height, where 0 keeps the proportions and two of them the size."""
    if width == height == 0:
        return size
    return Size(
        width or max(1, round(size.width * height / size.height)),
        height or max(1, round(size.height * width / size.width)),
    )


def longer_side(size: Size, length: int) -> Size:
    """Return the size whose longer side has that length."""
    if size.height > size.width:
        return Size(round(size.width / size.height * length), length)
    return Size(length, length if size.width == size.height else round(size.height / size.width * length))


def shorter_side(size: Size, length: int) -> Size:
    """Return the size whose shorter side has that length."""
    if size.height < size.width:
        return Size(round(size.width / size.height * length), length)
    return Size(length, length if size.width == size.height else round(size.height / size.width * length))


def total_pixels(size: Size, megapixels: float) -> Size:
    """Return the size of about that many times 1024 x 1024 pixels."""
    return by_factor(size, math.sqrt(int(megapixels * MEGAPIXEL) / (size.width * size.height)))


def to_multiple(planes: Tensor, multiple: int, method: str) -> Tensor:
    """Return pictures or masks whose sides are multiples: made as small as covers them, and cut evenly at both ends."""
    size = size_of(planes)
    wanted = Size(size.width // multiple * multiple, size.height // multiple * multiple)
    if wanted == size or 0 in wanted:
        return planes
    factor = max(wanted.width / size.width, wanted.height / size.height)
    if wanted.width / size.width >= wanted.height / size.height:
        covering = Size(wanted.width, max(wanted.height, math.ceil(size.height * factor)))
    else:
        covering = Size(max(wanted.width, math.ceil(size.width * factor)), wanted.height)
    left, top = (covering.width - wanted.width) // 2, (covering.height - wanted.height) // 2
    return resized(planes, covering, method)[:, top : top + wanted.height, left : left + wanted.width]


def kontext_size(size: Size) -> Size:
    """Return the size of Flux Kontext's whose proportions come nearest."""
    aspect = size.width / size.height
    return Size(*min(KONTEXT_SIZES, key=lambda each: (abs(aspect - each[0] / each[1]), each)))
