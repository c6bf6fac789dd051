"""Pictures put side by side, with room between them.

stitch(left, right, "right", matches=True, gap=8, colour="white")
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.images import scale, with_channels

DIRECTIONS = ("right", "down", "left", "up")  # where the second goes
COLOURS: Mapping[str, tuple[float, float, float]] = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}
ROWS, COLUMNS = 1, 2  # dimensions of a picture


def stitch(first: Tensor, second: Tensor, direction: str, *, matches: bool, gap: int, colour: str) -> Tensor:
    """Put a second picture beside, above or below a first one.

    matches: give it the first one's height or width in proportion; else the smaller one gets bars (black beside a
    coloured gap, as in ComfyUI). The shorter batch repeats its last picture; a missing alpha is opaque.
    """
    batch = max(first.shape[0], second.shape[0])
    first, second = _repeat_last(first, batch), _repeat_last(second, batch)
    axis = COLUMNS if direction in ("left", "right") else ROWS
    other = ROWS if axis == COLUMNS else COLUMNS
    if matches:
        second = _matched(second, first, axis)
    else:
        bars = COLOURS[colour][0] if colour in ("white", "black") else 0.0
        length = max(first.shape[other], second.shape[other])
        first, second = (_padded(image, other, length, bars) for image in (first, second))
    channels = max(first.shape[-1], second.shape[-1])
    pictures = [with_channels(first, channels), with_channels(second, channels)]
    if direction in ("left", "up"):
        pictures.reverse()
    if gap > 0:
        pictures.insert(1, _bar(pictures[0], axis, gap + gap % 2, colour))
    return torch.cat(pictures, dim=axis)


def _repeat_last(image: Tensor, batch: int) -> Tensor:
    missing = batch - image.shape[0]
    return torch.cat([image, image[-1:].repeat(missing, 1, 1, 1)]) if missing else image


def _matched(image: Tensor, like: Tensor, axis: int) -> Tensor:
    proportion = image.shape[COLUMNS] / image.shape[ROWS]
    rows, columns = like.shape[ROWS], like.shape[COLUMNS]
    if axis == COLUMNS:
        columns = max(1, int(rows * proportion))
    else:
        rows = max(1, int(columns / proportion))
    return scale(image, columns, rows, "lanczos")


def _padded(image: Tensor, axis: int, length: int, value: float) -> Tensor:
    missing = length - image.shape[axis]
    around = [missing // 2, missing - missing // 2]
    sides = [0, 0, *around] if axis == COLUMNS else [0, 0, 0, 0, *around]
    return functional.pad(image, sides, value=value) if missing else image


def _bar(beside: Tensor, axis: int, width: int, colour: str) -> Tensor:
    shape = list(beside.shape)
    shape[axis] = width
    values = [*COLOURS[colour], 1.0][: shape[-1]]
    return beside.new_tensor(values).expand(shape)
