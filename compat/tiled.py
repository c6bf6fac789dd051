"""A function applied to a tensor tile by tile, in any number of dimensions: `comfy.utils.tiled_scale_multidim`.

Tiles are feathered together as diffusion.tiles does it in two; here scales may differ by axis or be functions of a length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from math import ceil
from typing import Any, NamedTuple

import torch
from torch import Tensor

Scale = float | Callable[[float], float]


class Axis(NamedTuple):
    """How one axis is cut and what its lengths and positions become."""

    size: int
    tile: int
    overlap: int
    length: Callable[[float], float]
    position: Callable[[float], float]

    def starts(self) -> Sequence[int]:
        """Return where tiles begin."""
        return (0,) if self.size <= self.tile else range(0, self.size - self.overlap, self.tile - self.overlap)


def count_steps(width: int, height: int, tile_x: int, tile_y: int, overlap: int) -> int:
    """Return how many tiles a picture is cut into."""

    def along(size: int, tile: int) -> int:
        return 1 if size <= tile else ceil((size - overlap) / (tile - overlap))

    return along(height, tile_y) * along(width, tile_x)


def scaling(amount: Scale, *, is_down: bool) -> Callable[[float], float]:
    """Return what a length becomes: a function as it is, a number times, or parted by, the length."""
    if callable(amount):
        return amount
    return (lambda length: length / amount) if is_down else (lambda length: length * amount)


@torch.no_grad()
def apply_in_tiles(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    axes: Sequence[Axis],
    channels: int,
    device: Any,
    on_tile: Callable[[], None],
) -> Tensor:
    """Return function(samples), computed in tiles, float32 on `device`."""
    shape = [round(axis.length(axis.size)) for axis in axes]
    output = torch.empty([samples.shape[0], channels, *shape], device=device)
    for index, entry in enumerate(torch.split(samples, 1)):
        if all(axis.size <= axis.tile for axis in axes):
            output[index : index + 1] = function(entry).to(device)
            on_tile()
        else:
            _feather_together(entry, function, axes, output[index : index + 1], on_tile)
    return output


def _feather_together(
    entry: Tensor,
    function: Callable[[Tensor], Tensor],
    axes: Sequence[Axis],
    total: Tensor,
    on_tile: Callable[[], None],
) -> None:
    weights = torch.zeros_like(total[:, :1])
    total.zero_()
    for starts in product(*(axis.starts() for axis in axes)):
        cut: Any = tuple(slice(start, start + axis.tile) for start, axis in zip(starts, axes, strict=True))
        part = function(entry[(..., *cut)]).to(total.device)
        weight = _weight(part.shape[2:], axes, part.device)
        corner = [round(axis.position(start)) for start, axis in zip(starts, axes, strict=True)]
        place: Any = (..., *(slice(begin, begin + size) for begin, size in zip(corner, part.shape[2:], strict=True)))
        inside: Any = (..., *(slice(0, size) for size in total[place].shape[2:]))  # a tile may reach over the end
        total[place] += (part * weight)[inside]
        weights[place] += weight[inside]
        on_tile()
    total.div_(weights)


def _weight(sizes: Sequence[int], axes: Sequence[Axis], device: torch.device) -> Tensor:
    ramps = [_ramp(size, round(axis.length(axis.overlap)), device) for size, axis in zip(sizes, axes, strict=True)]
    return reduce(lambda weight, ramp: weight[..., None] * ramp, ramps)[None, None]


def _ramp(size: int, width: int, device: torch.device) -> Tensor:
    """Return weights that rise from 1/width at both ends; 1 everywhere where there is no room for that."""
    if width >= size:
        return torch.ones(size, device=device)
    rise = torch.arange(1, size + 1, device=device).div(max(width, 1)).clamp(max=1.0)
    return rise * rise.flip(0)
