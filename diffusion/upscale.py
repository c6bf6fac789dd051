"""Pictures made larger by a network, in tiles.

    larger = upscale(upscaler, image, on_tile=run.progress)  # image: (batch, height, width, channels) in 0..1

Tiles and overlaps are ComfyUI's; where a device has too little memory for one, smaller ones are taken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from diffusion.errors import DiffusionError
from diffusion.finite import require_finite
from diffusion.streaming import kept
from diffusion.tiles import TileSize, count_tiles, process_tiles
from diffusion.upscalers.load import Upscaler

logger = logging.getLogger(__name__)

TILE, OVERLAP = 512, 32  # pixels (ComfyUI)
LEAST_TILE = 128  # smaller tiles are not tried (ComfyUI)
RGB = 3
NOT_FINITE = "The upscaler may be damaged; get it again."

OnTile = Callable[[int, int], None]
"""Told after each tile: how many are done, of how many. It may raise to cancel."""


@torch.no_grad()
def upscale(
    upscaler: Upscaler, image: Tensor, *, tile: int = TILE, overlap: int = OVERLAP, on_tile: OnTile | None = None
) -> Tensor:
    """Return larger pictures (batch, height, width, channels) in 0..1, float32 on the CPU; alpha is dropped."""
    pixels = _fit_channels(upscaler, image).movedim(-1, 1)
    while True:
        try:
            larger = _in_tiles(upscaler, pixels, tile, overlap, on_tile)
            return larger.clamp(0.0, 1.0).movedim(1, -1)
        except torch.OutOfMemoryError:
            if tile // 2 < LEAST_TILE:
                raise
        tile //= 2
        logger.warning("The device has too little memory for the tiles; going on with tiles of %d x %d.", tile, tile)


def _in_tiles(upscaler: Upscaler, pixels: Tensor, tile: int, overlap: int, on_tile: OnTile | None) -> Tensor:
    size = TileSize(tile, tile)
    total, done = count_tiles(pixels, size, overlap), 0

    def counted(part: Tensor) -> Tensor:
        nonlocal done
        result = _apply(upscaler, part)
        done += 1
        if on_tile is not None:
            on_tile(done, total)
        return result

    return process_tiles(pixels, counted, size, overlap, upscaler.scale)


def _apply(upscaler: Upscaler, pixels: Tensor) -> Tensor:
    def work() -> Tensor:
        larger: Tensor = upscaler.network(pixels.to(upscaler.device, upscaler.dtype))
        return larger

    larger = kept(upscaler.keeper, "upscale", pixels.shape, work)
    return require_finite(larger.float().cpu(), "The upscaler gave a picture with", NOT_FINITE)


def _fit_channels(upscaler: Upscaler, image: Tensor) -> Tensor:
    wanted, found = upscaler.in_channels, image.shape[-1]
    if wanted == found or (wanted == RGB and found > RGB):
        return image[..., :wanted]
    raise DiffusionError(
        f"The picture has {found} channels, this upscaler takes {wanted}; take an upscaler of colours."
    )
