"""Latents as tokens: patches in a row, and where each lies, as transformers of pictures (Flux, Qwen-Image) want them.

    tokens = tokens_of(x, patch=2)             # (batch, tokens, channels * 4) of (batch, channels, rows, columns)
    places = grid(size_in_patches(x, 2), axes=3)  # (tokens, 3): picture, row, column
    latent_of(tokens, x.shape, patch=2)        # x again

Sides that are no multiple of a patch are filled up from the other end (circular, as ComfyUI does) and cut again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.errors import DiffusionError


class Size(NamedTuple):
    """Rows and columns."""

    rows: int
    columns: int


class Origin(NamedTuple):
    """Where a picture begins in the space of places; rows and columns in patches."""

    picture: float = 0.0
    row: int = 0
    column: int = 0


START = Origin()
OFFSET, INDEX, BEYOND = "offset", "index", "uxo"  # how references are placed beside a latent; see `origins`
INDEX_CLEAN = "index_timestep_zero"  # as by index; the network is told that they are free of noise


def size_in_patches(x: Tensor, patch: int) -> Size:
    """Return how many patches a latent has."""
    return Size(-(-x.shape[-2] // patch), -(-x.shape[-1] // patch))


def tokens_of(x: Tensor, patch: int) -> Tensor:
    """Return the patches of a latent, row by row; in each the channels go first, then its rows."""
    return functional.pixel_unshuffle(whole_patches(x, patch), patch).flatten(2).transpose(1, 2)


def whole_patches(x: Tensor, patch: int) -> Tensor:
    """Return a latent whose sides are multiples of a patch, filled up from the other end."""
    down, across = (-side % patch for side in x.shape[-2:])
    return functional.pad(x, (0, across, 0, down), mode="circular") if down or across else x


def latent_of(tokens: Tensor, shape: Sequence[int], patch: int) -> Tensor:
    """Return the latent of `shape` that patches make; of more tokens than it has, the first count."""
    rows, columns = shape[-2:]
    size = Size(-(-rows // patch), -(-columns // patch))
    planes = tokens[:, : size.rows * size.columns].transpose(1, 2)
    return functional.pixel_shuffle(planes.reshape(*planes.shape[:2], *size), patch)[..., :rows, :columns]


def grid(size: Size, origin: Origin = START, *, axes: int = 3, device: torch.device | None = None) -> Tensor:
    """Return the place of each patch: (tokens, axes), float32; the axes are the picture, row and column, more are 0."""
    places = torch.zeros(size.rows, size.columns, axes, device=device)
    places[..., 0] = origin.picture
    places[..., 1] = torch.arange(size.rows, device=device)[:, None] + origin.row
    places[..., 2] = torch.arange(size.columns, device=device) + origin.column
    return places.flatten(0, 1)


def origins(method: str, x: Tensor, references: Sequence[Tensor], *, patch: int, step: float = 1.0) -> list[Origin]:
    """Return where reference pictures begin beside a latent, by a method of ComfyUI (`reference_latents_method`).

    offset: all in one picture, below or beside each other. index, index_timestep_zero: pictures of their own, `step` apart.
    uxo: in the latent's own picture, beyond its corner.
    """
    sizes = [Size(*reference.shape[-2:]) for reference in references]
    if method in (INDEX, INDEX_CLEAN):
        return [Origin(step * number) for number in range(1, len(sizes) + 1)]
    size = size_in_patches(x, patch)
    placed = _beside(sizes) if method == OFFSET else _beyond(Size(size.rows * patch, size.columns * patch), sizes)
    return [
        Origin(each.picture, (each.row + patch // 2) // patch, (each.column + patch // 2) // patch) for each in placed
    ]


def known_method(method: str, known: Sequence[str], title: str) -> str:
    """Return a method of placing references; DiffusionError if models of a title have none of that name."""
    if method in known:
        return method
    raise DiffusionError(
        f"{title} places reference latents by {', '.join(known)}, not by {method}; "
        "choose another with FluxKontextMultiReferenceLatentMethod."
    )


def _beside(sizes: Iterable[Size]) -> Iterable[Origin]:
    """Yield the corners, in cells, of pictures that grow along the shorter side of all before."""
    rows = columns = 0
    for size in sizes:
        is_tall = size.rows + rows > size.columns + columns
        row, column = (0, columns) if is_tall else (rows, 0)
        rows, columns = max(rows, size.rows + row), max(columns, size.columns + column)
        yield Origin(1.0, row, column)


def _beyond(corner: Size, sizes: Iterable[Size]) -> Iterable[Origin]:
    """Yield the corners, in cells, of pictures along the diagonal."""
    row, column = corner
    for size in sizes:
        yield Origin(0.0, row, column)
        row, column = row + size.rows, column + size.columns
