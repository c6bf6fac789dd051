"""Resizing of channels-first tensors, with ComfyUI's methods and its centre crop.

resize(latent.samples, 96, 64, "bislerp", crop="center")  # (batch, channels, 64, 96)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

RESIZE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")
CROP_METHODS = ("disabled", "center")


def resize(x: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Return x (batch, channels, rows, columns) at another size; `crop="center"` keeps the proportions by cutting.

    Frames, if x has them before the rows, are resized each by itself.
    """
    if x.ndim == 5:
        each = resize(x.transpose(1, 2).flatten(0, 1), width, height, method, crop)
        return each.reshape(x.shape[0], x.shape[2], *each.shape[1:]).transpose(1, 2)
    if crop == "center":
        x = crop_to_aspect(x, width / height)
    if method == "bislerp":
        return bislerp(x, width, height)
    return functional.interpolate(x, size=(height, width), mode=method)


def crop_to_aspect(x: Tensor, aspect: float) -> Tensor:
    """Cut both ends of the longer side evenly, so that width / height comes nearest to `aspect`.

    Halves of a pixel are rounded as ComfyUI's order of these operations has it.
    """
    rows, columns = x.shape[-2:]
    top = left = 0
    present = columns / rows
    if present > aspect:
        left = round((columns - columns * (aspect / present)) / 2)
    elif present < aspect:
        top = round((rows - rows * (present / aspect)) / 2)
    return x[..., top : rows - top, left : columns - left]


def bislerp(x: Tensor, width: int, height: int) -> Tensor:
    """Resize as bilinear does, but turn the channel vectors on a sphere (slerp) and mix only their lengths."""
    across = _slerp_axis(x.float(), -1, width)
    return _slerp_axis(across, -2, height).to(x.dtype)


def _slerp_axis(x: Tensor, axis: int, size: int) -> Tensor:
    place = _neighbours(x.shape[axis], size, x.device)
    shape = [1, 1, 1, 1]
    shape[axis] = size
    return slerp(x.index_select(axis, place.near), x.index_select(axis, place.far), place.ratio.view(shape))


class _Neighbours(NamedTuple):
    """For each new cell: the old cells before and after it, and the way between them (0..1)."""

    near: Tensor
    far: Tensor
    ratio: Tensor


def _neighbours(old: int, new: int, device: torch.device) -> _Neighbours:
    cells = torch.arange(old, dtype=torch.float32, device=device)
    after = (cells + 1).clamp(max=old - 1)
    position = _stretch(cells, new)
    return _Neighbours(position.long(), _stretch(after, new).long(), position - position.floor())


def _stretch(values: Tensor, size: int) -> Tensor:
    """Interpolate a row of numbers exactly as `bilinear` places its samples."""
    return functional.interpolate(values.view(1, 1, 1, -1), size=(1, size), mode="bilinear").view(-1)


def slerp(a: Tensor, b: Tensor, ratio: Tensor) -> Tensor:
    """Turn the vectors along dim 1 from a (ratio 0) to b (ratio 1); lengths are mixed linearly.

    Vectors with nearly the same direction give a; nearly opposite ones are mixed linearly.
    """
    a_length = torch.linalg.vector_norm(a, dim=1, keepdim=True)
    b_length = torch.linalg.vector_norm(b, dim=1, keepdim=True)
    a_unit = torch.where(a_length == 0, 0.0, a / a_length)
    b_unit = torch.where(b_length == 0, 0.0, b / b_length)
    cosine = (a_unit * b_unit).sum(1, keepdim=True)
    angle = torch.acos(cosine)
    turned = (torch.sin((1 - ratio) * angle) * a_unit + torch.sin(ratio * angle) * b_unit) / torch.sin(angle)
    turned = turned * (a_length * (1 - ratio) + b_length * ratio)
    turned = torch.where(cosine > 1 - 1e-5, a, turned)
    return torch.where(cosine < 1e-5 - 1, a * (1 - ratio) + b * ratio, turned)


def repeat_to_batch(x: Tensor, batch: int, dim: int = 0) -> Tensor:
    """Repeat x along `dim` as often as needed and cut it to `batch` entries."""
    size = x.shape[dim]
    if size < batch:
        repeats = [1] * x.ndim
        repeats[dim] = -(-batch // size)
        x = x.repeat(repeats)
    return x.narrow(dim, 0, batch)


def spread_to_batch(x: Tensor, batch: int) -> Tensor:
    """Stretch or thin out the entries of x evenly to `batch`, as ComfyUI does with pictures beside latents."""
    size = x.shape[0]
    if batch < size and batch > 1:
        places = [min(round(entry * (size - 1) / (batch - 1)), size - 1) for entry in range(batch)]
    else:
        places = [min(math.floor((entry + 0.5) * size / max(batch, size)), size - 1) for entry in range(batch)]
    return x[places]


def edge_ramp(length: int, width: int, *, at_start: bool, at_end: bool, device: torch.device | None = None) -> Tensor:
    """Return (length,) weights of 1 that rise from 1/width over `width` cells at the ends asked for."""
    ramp = torch.ones(length, device=device)
    for cell in range(min(width, length)):
        weight = (1.0 / width) * (cell + 1)
        if at_start:
            ramp[cell] *= weight
        if at_end:
            ramp[length - 1 - cell] *= weight
    return ramp
