"""Pictures to latents and back, whole or in tiles.

    samples = encode(vae, image)  # image: (batch, height, width, channels) in 0..1
    image = decode_tiled(vae, samples, tile=64, overlap=16)

Encoding takes the posterior's mean, as ComfyUI does, so that it is the same each time. Tiles of three shapes are
computed, feathered where they overlap and averaged, which hides their seams (ComfyUI's method and numbers).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.errors import DiffusionError
from diffusion.finite import require_finite
from diffusion.models import Vae
from diffusion.quantize import computing_in
from diffusion.streaming import kept
from diffusion.tiles import TileSize, count_tiles, process_tiles

logger = logging.getLogger(__name__)

FRAMES_NDIM = 5  # of latents with frames
CHANNELS = 3  # red, green, blue; alpha is dropped unless a VAE knows it
ENCODE_TILE, ENCODE_OVERLAP = 512, 64  # pixels (ComfyUI)
DECODE_TILE, DECODE_OVERLAP = 64, 16  # latent cells (ComfyUI)

NOT_FINITE = "The VAE may be damaged (get it again), or the numbers too large for its precision (take one in float32)."

OnTile = Callable[[int, int], None]
"""Told after each tile: how many are done, of how many. It may raise to cancel."""


@torch.no_grad()
def encode(vae: Vae, image: Tensor) -> Tensor:
    """Return the latents of pictures (batch, channels, rows, columns), float32 on the CPU; of videos' VAEs with one frame."""
    pixels = fit_pixels(image, vae.latent_format.spatial_downscale, channels_of(vae))
    try:
        return vae.latent_format.with_frames(torch.cat([_encode(vae, entry) for entry in torch.split(pixels, 1)]))
    except torch.OutOfMemoryError:
        logger.warning("The device has too little memory to encode the picture at once; encoding it in tiles.")
    return encode_tiled(vae, image)


@torch.no_grad()
def decode(vae: Vae, samples: Tensor) -> Tensor:
    """Return the pictures of latents: (batch, height, width, 3) in 0..1, float32 on the CPU."""
    try:
        return _to_image(torch.cat([_decode(vae, entry) for entry in torch.split(flat(samples, vae), 1)]))
    except torch.OutOfMemoryError:
        logger.warning("The device has too little memory to decode the picture at once; decoding it in tiles.")
    return decode_tiled(vae, samples)


@torch.no_grad()
def encode_tiled(
    vae: Vae,
    image: Tensor,
    *,
    tile: int = ENCODE_TILE,
    overlap: int = ENCODE_OVERLAP,
    on_tile: OnTile | None = None,
) -> Tensor:
    """Encode in tiles; sizes in pixels."""
    scale = vae.latent_format.spatial_downscale
    pixels = fit_pixels(image, scale, channels_of(vae))
    encoded = _average_of_shapes(pixels, lambda part: _encode(vae, part), tile, overlap, 1 / scale, on_tile)
    return vae.latent_format.with_frames(encoded)


@torch.no_grad()
def decode_tiled(
    vae: Vae,
    samples: Tensor,
    *,
    tile: int = DECODE_TILE,
    overlap: int = DECODE_OVERLAP,
    on_tile: OnTile | None = None,
) -> Tensor:
    """Decode in tiles; sizes in latent cells."""
    planes, scale = flat(samples, vae), vae.latent_format.spatial_downscale
    return _to_image(_average_of_shapes(planes, lambda part: _decode(vae, part), tile, overlap, scale, on_tile))


def channels_of(vae: Vae) -> int:
    """Return how many channels the pictures of a VAE have: 4 where alpha is one of them (Qwen-Image Layered's)."""
    return getattr(getattr(vae.autoencoder, "config", None), "input_channels", CHANNELS)


def fit_pixels(image: Tensor, multiple: int, channels: int = CHANNELS) -> Tensor:
    """Cut pictures to multiples of `multiple` around their middle; return (batch, channels, height, width) in -1..1.

    Missing channels are 1: pictures without alpha are opaque.
    """
    if min(image.shape[1:3]) < multiple:
        height, width = image.shape[1:3]
        raise DiffusionError(
            f"The picture has {width} x {height} pixels; this VAE encodes {multiple} x {multiple} and more. Scale it up."
        )
    for dim in (1, 2):
        size = image.shape[dim]
        image = image.narrow(dim, size % multiple // 2, size // multiple * multiple)
    if image.shape[-1] == 1:
        image = image.expand(-1, -1, -1, CHANNELS)
    image = functional.pad(image[..., :channels], (0, max(0, channels - image.shape[-1])), value=1.0)
    return image.movedim(-1, 1) * 2.0 - 1.0


def flat(samples: Tensor, vae: Vae) -> Tensor:
    """Return latents of pictures as (batch, channels, rows, columns); DiffusionError if they are of another kind."""
    check_channels(samples, vae)
    if samples.ndim == FRAMES_NDIM and samples.shape[2] != 1:
        raise DiffusionError(f"The latent has {samples.shape[2]} frames; only pictures, which have one, are decoded.")
    return _picture(samples)


def check_channels(samples: Tensor, vae: Vae) -> None:
    """Refuse a latent of another kind of VAE."""
    channels = vae.latent_format.channels
    if not vae.latent_format.fits(samples):
        raise DiffusionError(
            f"The latent has the shape {tuple(samples.shape)}; this VAE decodes (batch, {channels}, height, width). "
            "Use the VAE of the checkpoint that made the latent."
        )


def _average_of_shapes(
    samples: Tensor, function: Callable[[Tensor], Tensor], tile: int, overlap: int, scale: float, on_tile: OnTile | None
) -> Tensor:
    if overlap >= tile // 2:  # as wide as the narrowest tiles, which then would not get on (ComfyUI fails there)
        overlap = tile // 4
    shapes = [TileSize(tile, tile), TileSize(tile // 2, tile * 2), TileSize(tile * 2, tile // 2)]
    total = sum(count_tiles(samples, shape, overlap) for shape in shapes)
    done = 0

    def counted(part: Tensor) -> Tensor:
        nonlocal done
        result = function(part)
        done += 1
        if on_tile is not None:
            on_tile(done, total)
        return result

    results = [process_tiles(samples, counted, shape, overlap, scale) for shape in shapes]
    return (results[0] + results[1] + results[2]) / len(results)


def _encode(vae: Vae, pixels: Tensor) -> Tensor:
    autoencoder: Any = vae.autoencoder

    def work(dtype: torch.dtype) -> Tensor:
        planes = vae.latent_format.with_frames(pixels.to(vae.device, dtype))
        mean: Tensor = autoencoder.encode(planes).latent_dist.mode()
        return _picture(mean)

    return require_finite(_computed(vae, "encode", pixels.shape, work), "The VAE gave a latent with", NOT_FINITE)


def _decode(vae: Vae, samples: Tensor) -> Tensor:
    autoencoder: Any = vae.autoencoder

    def work(dtype: torch.dtype) -> Tensor:
        planes = vae.latent_format.with_frames(samples.to(vae.device, dtype))
        pixels: Tensor = autoencoder.decode(planes, return_dict=False)[0]
        return _picture(pixels)

    return require_finite(_computed(vae, "decode", samples.shape, work), "The VAE gave a picture with", NOT_FINITE)


def _computed(vae: Vae, operation: str, shape: Sequence[int], work: Callable[[torch.dtype], Tensor]) -> Tensor:
    """Return what a VAE computes, float32 on the CPU; once more in float32 where float16 is too small for its numbers.

    SDXL's VAE is known for that (Podell et al. 2023 trained it in float32).
    """
    result = kept(vae.keeper, operation, shape, partial(work, vae.dtype)).float().cpu()
    if vae.dtype is not torch.float16 or bool(result.isfinite().all()):
        return result
    logger.warning("The VAE's numbers are too large for float16; it computes once more in float32.")
    with computing_in(vae.autoencoder, torch.float32):
        return kept(vae.keeper, operation, shape, partial(work, torch.float32)).float().cpu()


def _picture(planes: Tensor) -> Tensor:
    """Take the only frame, if there are frames."""
    return planes.squeeze(2) if planes.ndim == FRAMES_NDIM else planes


def _to_image(pixels: Tensor) -> Tensor:
    """Turn (batch, channels, height, width) in -1..1 into an image in 0..1."""
    return pixels.add(1.0).div(2.0).clamp(0.0, 1.0).movedim(1, -1)
