"""Batches brought to a size, pictures to a size, masks to a shape: the small tensor functions of `comfy.utils`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from diffusion import images, resize
from diffusion.resize import crop_to_aspect, repeat_to_batch

LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def upscale(samples: Tensor, width: int, height: int, method: str, crop: str) -> Tensor:
    """Resize (batch, channels, …, rows, columns); what lies between channels and rows is frames."""
    if samples.ndim <= 4:
        return _upscale(samples, width, height, method, crop)
    shape = samples.shape
    frames = samples.reshape(shape[0], shape[1], -1, *shape[-2:]).transpose(1, 2)
    resized = _upscale(frames.reshape(-1, shape[1], *shape[-2:]), width, height, method, crop)
    return resized.reshape(shape[0], -1, shape[1], height, width).transpose(1, 2).reshape(*shape[:-2], height, width)


def _upscale(samples: Tensor, width: int, height: int, method: str, crop: str) -> Tensor:
    if method != "lanczos":
        return resize.resize(samples, width, height, method, crop)
    return lanczos(crop_to_aspect(samples, width / height) if crop == "center" else samples, width, height)


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """Resize in eight bits with Pillow's filter; grey pictures come without a channel, as in ComfyUI."""
    pixels = samples.movedim(1, -1) if samples.ndim == 4 else samples[..., None]
    resized = images.scale(pixels, width, height, "lanczos").to(samples.device, samples.dtype)
    return resized[..., 0] if resized.shape[-1] == 1 else resized.movedim(-1, 1)


def spread_places(size: int, wanted: int) -> list[int]:
    """Return which entries of `size` to take so that `wanted` of them are spread evenly."""
    if wanted <= 1 or size == wanted:
        return list(range(min(size, wanted)))
    last = size - 1
    if wanted < size:
        return [min(round(place * last / (wanted - 1)), last) for place in range(wanted)]
    return [min(math.floor((place + 0.5) * size / wanted), last) for place in range(wanted)]


def fit_mask(mask: Tensor, shape: Sequence[int]) -> Tensor:
    """Resize a mask to (batch, channels, *sizes), repeated along both."""
    dims = len(shape) - 2
    if dims == 2:
        mask = mask.reshape(-1, 1, *mask.shape[-2:])
    if dims == 3 and mask.ndim < 5:
        mask = mask.reshape(1, 1, -1, *mask.shape[-2:])
    resized = functional.interpolate(mask, size=tuple(shape[2:]), mode=LINEAR[dims])
    if resized.shape[1] < shape[1]:
        resized = repeat_to_batch(resized, shape[1], dim=1)
    return repeat_to_batch(resized, shape[0])


def pack(latents: Sequence[Tensor]) -> tuple[Tensor, list[torch.Size]]:
    """Put latents of several shapes into one (batch, 1, length); return it and the shapes."""
    return torch.cat([latent.reshape(latent.shape[0], 1, -1) for latent in latents], dim=-1), [
        each.shape for each in latents
    ]


def unpack(packed: Tensor, shapes: Sequence[Sequence[int]]) -> list[Tensor]:
    """Take them apart again; one alone was never packed."""
    if len(shapes) <= 1:
        return [packed]
    parts = torch.split(packed, [math.prod(shape[1:]) for shape in shapes], dim=-1)
    return [part.reshape(part.shape[0], *shape[1:]) for part, shape in zip(parts, shapes, strict=True)]


def copy_containers(value: Any, known: dict[int, Any] | None = None) -> Any:
    """Copy dictionaries and lists, not what they hold."""
    known = {} if known is None else known
    if id(value) not in known:
        if isinstance(value, dict):
            known[id(value)] = {
                copy_containers(key, known): copy_containers(each, known) for key, each in value.items()
            }
        else:
            known[id(value)] = [copy_containers(each, known) for each in value] if isinstance(value, list) else value
    return known[id(value)]
