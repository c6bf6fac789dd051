"""A function applied to a picture tile by tile, its results feathered together where tiles overlap.

larger = process_tiles(x, upscale, TileSize(64, 64), overlap=16, scale=8)

The weight of a tile rises linearly over the overlap from each of its edges, as in ComfyUI, so results agree with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor


class TileSize(NamedTuple):
    """Height and width of a tile, in the units of the input."""

    height: int
    width: int


class _Span(NamedTuple):
    start: int
    length: int


def process_tiles(
    x: Tensor, function: Callable[[Tensor], Tensor], tile: TileSize, overlap: int, scale: float
) -> Tensor:
    """Return function(x) computed in tiles: x (batch, channels, height, width), the result `scale` times as large."""
    return torch.cat([_process_entry(entry, function, tile, overlap, scale) for entry in torch.split(x, 1)])


def count_tiles(x: Tensor, tile: TileSize, overlap: int) -> int:
    """Return how often the function will be called."""
    return x.shape[0] * sum(1 for _ in _tiles(x, tile, overlap))


def _process_entry(
    x: Tensor, function: Callable[[Tensor], Tensor], tile: TileSize, overlap: int, scale: float
) -> Tensor:
    height, width = (round(size * scale) for size in x.shape[-2:])
    if x.shape[-2] <= tile.height and x.shape[-1] <= tile.width:
        return function(x)
    total: Tensor | None = None
    weights = torch.zeros(1, 1, height, width)
    for rows, columns in _tiles(x, tile, overlap):
        part = function(x[..., rows.start : rows.start + rows.length, columns.start : columns.start + columns.length])
        weight = _feather(part, round(overlap * scale))
        if total is None:
            total = torch.zeros(1, part.shape[1], height, width)
        top, left = round(rows.start * scale), round(columns.start * scale)
        place = (..., slice(top, top + part.shape[-2]), slice(left, left + part.shape[-1]))
        total[place] += part * weight
        weights[place] += weight
    assert total is not None
    return total / weights


def _tiles(x: Tensor, tile: TileSize, overlap: int) -> Iterator[tuple[_Span, _Span]]:
    rows = _spans(x.shape[-2], tile.height, overlap)
    columns = _spans(x.shape[-1], tile.width, overlap)
    return product(rows, columns)


def _spans(size: int, tile: int, overlap: int) -> list[_Span]:
    if size <= tile:
        return [_Span(0, size)]
    starts = range(0, size - overlap, tile - overlap)
    return [_Span(start, min(tile, size - start)) for start in starts]


def _feather(part: Tensor, width: int) -> Tensor:
    """Return the weight of a tile's pixels: (1, 1, height, width)."""
    down, along = (_ramp(size, width) for size in part.shape[-2:])
    return (down[:, None] * along)[None, None]


def _ramp(size: int, width: int) -> Tensor:
    """Return 1/width, 2/width … up to 1, and down again at the end; 1 everywhere where there is no room for it."""
    if width >= size:
        return torch.ones(size)
    rise = torch.arange(1, size + 1).div(max(width, 1)).clamp(max=1.0)
    return rise * rise.flip(0)
