"""Edges of pictures (Canny 1986): smooth, differentiate, keep ridges, join weak edges to strong ones.

edges(image, 0.4, 0.8)  # (batch, height, width, 1): 1 on an edge

Constants and borders are those of kornia's `canny`, which ComfyUI calls: Gaussian of 5 x 5 with deviation 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
BLUR_SIZE, BLUR_DEVIATION = 5, 1.0
LEAST_SQUARE = 1e-6  # under the root of the slope
NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))  # (down, right), every 45 degrees
WEAK, STRONG = 0.5, 1.0


def edges(image: Tensor, low: float, high: float) -> Tensor:
    """Return the edges of pictures (batch, height, width, channels): those steeper than `high`, and what hangs on them."""
    grey = (image[..., :3] * image.new_tensor(LUMA)).sum(-1) if image.shape[-1] >= 3 else image[..., 0]
    down, across = _slopes(_blurred(grey.unsqueeze(1)))
    steepness = (across**2 + down**2 + LEAST_SQUARE).sqrt()
    ridges = steepness * _is_ridge(steepness, torch.atan2(down, across))
    marked = WEAK * (ridges > low).float() + WEAK * (ridges > high).float()
    return _joined(marked).movedim(1, -1)


def _blurred(planes: Tensor) -> Tensor:
    places = torch.arange(BLUR_SIZE, device=planes.device, dtype=planes.dtype) - BLUR_SIZE // 2
    weights = torch.exp(-(places**2) / (2 * BLUR_DEVIATION**2))
    weights = weights / weights.sum()
    margin = BLUR_SIZE // 2
    padded = functional.pad(planes, [margin] * 4, mode="reflect")
    return functional.conv2d(functional.conv2d(padded, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))


def _slopes(planes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the slopes downwards and to the right (Sobel)."""
    kernel = planes.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    padded = functional.pad(planes, [1] * 4, mode="replicate")
    return functional.conv2d(padded, kernel.t()[None, None]), functional.conv2d(padded, kernel[None, None])


def _is_ridge(steepness: Tensor, angle: Tensor) -> Tensor:
    """Whether a place is steeper than both its neighbours in the direction of the slope."""
    step = torch.round(angle / (math.pi / 4)).long() % 8
    differences = torch.cat([steepness - neighbour for neighbour in _neighbours(steepness)], dim=1)
    ahead, behind = (differences.gather(1, (step + turn) % 8) for turn in (0, 4))
    return torch.minimum(ahead, behind) > 0


def _neighbours(planes: Tensor) -> list[Tensor]:
    """Return what lies beside each place in every direction; 0 outside."""
    padded = functional.pad(planes, [1] * 4)
    rows, columns = planes.shape[-2:]
    return [padded[..., 1 + down : 1 + down + rows, 1 + right : 1 + right + columns] for down, right in NEIGHBOURS]


def _joined(marked: Tensor) -> Tensor:
    """Make weak places strong that touch a strong one, until none is left that does; drop the others."""
    while True:
        touches = torch.cat(_neighbours(marked), dim=1).eq(STRONG).any(1, keepdim=True)
        grown = torch.where((marked == WEAK) & touches, STRONG, marked)
        if bool((grown == marked).all()):
            return (marked == STRONG).float()
        marked = grown
