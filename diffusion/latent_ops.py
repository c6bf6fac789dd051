"""Operations on latents: size, place, batch and arithmetic. Sizes and places are in pixels unless said otherwise.

    bigger = upscale_by(latent, "bislerp", 1.5)
    both = composite(bigger, latent, x=64, y=0, feather=32)

A noise mask keeps its own (pixel) size and is fitted to the latent when sampling begins.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.latents import Latent
from diffusion.resize import edge_ramp, repeat_to_batch, resize

CELL = 8  # pixels on a side that one latent cell stands for, in most families
MIN_SIDE = 64  # pixels: the least side of a resized or cropped latent, as in ComfyUI


def empty(
    width: int, height: int, batch: int, channels: int = 4, cell: int = CELL, frames: int | None = None
) -> Latent:
    """Return zeros for pictures of that size; cell: pixels on a side that one latent cell stands for."""
    return Latent(torch.zeros(batch, channels, *(() if frames is None else (frames,)), height // cell, width // cell))


def upscale(latent: Latent, method: str, width: int, height: int, crop: str) -> Latent:
    """Resize to width x height pixels; one of them 0 keeps the proportions, both 0 change nothing."""
    if width == 0 and height == 0:
        return latent
    rows, columns = latent.samples.shape[-2:]
    width = max(MIN_SIDE, width or round(columns * max(MIN_SIDE, height) / rows))
    height = max(MIN_SIDE, height or round(rows * width / columns))
    return replace(latent, samples=resize(latent.samples, width // CELL, height // CELL, method, crop))


def upscale_by(latent: Latent, method: str, factor: float) -> Latent:
    """Resize by a factor."""
    rows, columns = latent.samples.shape[-2:]
    return replace(latent, samples=resize(latent.samples, round(columns * factor), round(rows * factor), method))


def rotate(latent: Latent, quarters: int) -> Latent:
    """Turn clockwise by quarters."""
    return replace(latent, samples=torch.rot90(latent.samples, k=quarters, dims=[3, 2]))


def flip(latent: Latent, *, vertically: bool) -> Latent:
    """Mirror upside down, or left to right."""
    return replace(latent, samples=torch.flip(latent.samples, dims=[2 if vertically else 3]))


def crop(latent: Latent, x: int, y: int, width: int, height: int) -> Latent:
    """Cut out a rectangle; it is moved in and made smaller where it leaves the latent."""
    rows, columns = latent.samples.shape[-2:]
    left = max(0, min(x // CELL, columns - MIN_SIDE // CELL))
    top = max(0, min(y // CELL, rows - MIN_SIDE // CELL))
    return replace(latent, samples=latent.samples[:, :, top : top + height // CELL, left : left + width // CELL])


def composite(below: Latent, above: Latent, x: int, y: int, feather: int = 0) -> Latent:
    """Put one latent upon another; `feather` pixels of each edge inside the lower one fade in."""
    left, top, width = x // CELL, y // CELL, feather // CELL
    rows, columns = below.samples.shape[-2:]
    patch = above.samples[:, :, : max(0, rows - top), : max(0, columns - left)]
    bottom, right = top + patch.shape[2], left + patch.shape[3]
    down = edge_ramp(patch.shape[2], width, at_start=top > 0, at_end=bottom < rows, device=patch.device)
    along = edge_ramp(patch.shape[3], width, at_start=left > 0, at_end=right < columns, device=patch.device)
    weight = down[:, None] * along
    samples = below.samples.clone()
    target = samples[:, :, top:bottom, left:right]
    samples[:, :, top:bottom, left:right] = patch * weight + target * (1 - weight)
    return replace(below, samples=samples)


def composite_masked(
    below: Latent, above: Latent, x: int, y: int, *, resize_source: bool = False, mask: Tensor | None = None
) -> Latent:
    """Put one latent upon another where a mask (batch, height, width) in 0..1 says so."""
    patch = above.samples.to(below.samples.device)
    rows, columns = below.samples.shape[-2:]
    if resize_source:
        patch = functional.interpolate(patch, size=(rows, columns), mode="bilinear")
    patch = repeat_to_batch(patch, below.samples.shape[0])
    weight = torch.ones_like(patch) if mask is None else _mask_like(mask, patch)
    left, top = min(x // CELL, columns), min(y // CELL, rows)
    patch, weight = (part[..., : rows - top, : columns - left] for part in (patch, weight))
    samples = below.samples.clone()
    target = samples[..., top : top + patch.shape[-2], left : left + patch.shape[-1]]
    target.copy_(weight * patch + (1 - weight) * target)
    return replace(below, samples=samples)


def _mask_like(mask: Tensor, patch: Tensor) -> Tensor:
    """Fit a mask to a patch: (batch, 1, rows, columns)."""
    planes = mask.to(patch.device).reshape(-1, 1, *mask.shape[-2:])
    return repeat_to_batch(functional.interpolate(planes, size=patch.shape[-2:], mode="bilinear"), patch.shape[0])


def set_noise_mask(latent: Latent, mask: Tensor) -> Latent:
    """Let sampling change only where the mask is 1."""
    return replace(latent, noise_mask=mask.reshape(-1, 1, *mask.shape[-2:]))


def add(a: Latent, b: Latent) -> Latent:
    """Return a + b, b fitted to a."""
    return replace(a, samples=a.samples + fit(b.samples, a.samples))


def subtract(a: Latent, b: Latent) -> Latent:
    """Return a - b, b fitted to a."""
    return replace(a, samples=a.samples - fit(b.samples, a.samples))


def multiply(latent: Latent, factor: float) -> Latent:
    """Return the latent times a number."""
    return replace(latent, samples=latent.samples * factor)


def interpolate(a: Latent, b: Latent, ratio: float) -> Latent:
    """Mix directions and lengths of the channel vectors; ratio 1 gives a, 0 gives b."""
    first, second = a.samples, fit(b.samples, a.samples)
    first_length = torch.linalg.vector_norm(first, dim=1, keepdim=True)
    second_length = torch.linalg.vector_norm(second, dim=1, keepdim=True)
    mixed = torch.nan_to_num(first / first_length) * ratio + torch.nan_to_num(second / second_length) * (1 - ratio)
    unit = torch.nan_to_num(mixed / torch.linalg.vector_norm(mixed, dim=1, keepdim=True))
    return replace(a, samples=unit * (first_length * ratio + second_length * (1 - ratio)))


def blend(a: Latent, b: Latent, factor: float) -> Latent:
    """Return a * factor + b * (1 - factor); b is resized (bicubic, cut to a's proportions) if it differs."""
    other = b.samples
    if other.shape != a.samples.shape:
        other = resize(other, a.samples.shape[3], a.samples.shape[2], "bicubic", crop="center")
    return replace(a, samples=a.samples * factor + other * (1 - factor))


def concat(a: Latent, b: Latent, axis: int, *, reverse: bool = False) -> Latent:
    """Join two latents along an axis (-1 columns, -2 rows, -3 frames), b after a unless reversed."""
    other = repeat_to_batch(b.samples, a.samples.shape[0])
    return replace(a, samples=torch.cat((other, a.samples) if reverse else (a.samples, other), dim=axis))


def cut(latent: Latent, axis: int, index: int, amount: int) -> Latent:
    """Keep `amount` cells along an axis from `index` (negative: from the end), as many as there are."""
    size = latent.samples.shape[axis]
    start = min(index, size - 1) if index >= 0 else max(index, -size)
    room = size - start if index >= 0 else -start
    return replace(latent, samples=torch.narrow(latent.samples, axis, start, min(room, amount)))


def cut_to_batch(latent: Latent, axis: int, size: int) -> Latent:
    """Cut along an axis (-1 columns, -2 rows, -3 frames) into slices, which become a batch; a smaller last one is dropped."""
    slices = latent.samples.movedim(axis, 1)
    size = min(size, slices.shape[1])
    slices = slices[:, : slices.shape[1] // size * size]
    return replace(latent, samples=slices.reshape(-1, size, *slices.shape[2:]).movedim(1, axis))


def fit(x: Tensor, like: Tensor) -> Tensor:
    """Resize (bilinear, cut to the proportions) and repeat x to the shape of another."""
    if x.shape[1:] != like.shape[1:]:
        x = resize(x, like.shape[-1], like.shape[-2], "bilinear", crop="center")
    return repeat_to_batch(x, like.shape[0])
