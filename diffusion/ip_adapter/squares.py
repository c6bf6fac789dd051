"""Pictures as the small squares that CLIP vision networks see.

square = sharpened(resample(cut_square(image, "top"), 224, 224), 0.2)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

PAD = "pad"
POSITIONS = ("top", "bottom", "left", "right", "center", PAD)
FILTERS = ("LANCZOS", "BICUBIC", "HAMMING", "BILINEAR", "BOX", "NEAREST")
SIDE = 224
GENTLE, STRONG = 1 / 8, 1 / 5  # weights of the neighbours at sharpness 0 and 1 (AMD FidelityFX CAS)


def cut_square(image: Tensor, position: str) -> Tensor:
    """Return the square of pictures (batch, height, width, channels) at a side, or the whole with black around it (pad)."""
    rows, columns = image.shape[1:3]
    if position == PAD:
        down, along = (max(0, other - own) // 2 for own, other in ((rows, columns), (columns, rows)))
        return functional.pad(image, (0, 0, along, along, down, down))
    side = min(rows, columns)
    top = {"top": 0, "bottom": rows - side}.get(position, (rows - side) // 2)
    left = {"left": 0, "right": columns - side}.get(position, (columns - side) // 2)
    return image[:, top : top + side, left : left + side]


def sharpened(image: Tensor, amount: float) -> Tensor:
    """Sharpen where there is room for it: AMD's contrast adaptive sharpening (Lottes 2019). amount: 0 changes nothing.

    Corners count apart from the cross, as in ComfyUI_IPAdapter_plus.
    """
    if amount <= 0:
        return image
    planes = functional.pad(image.movedim(-1, 1), (1, 1, 1, 1))  # beside black there is no room: edges stay as they are
    rows, columns = image.shape[1:3]
    near = [[planes[..., down : down + rows, along : along + columns] for along in range(3)] for down in range(3)]
    cross = torch.stack([near[0][1], near[1][0], near[1][2], near[2][1]])
    corners = torch.stack([near[0][0], near[0][2], near[2][0], near[2][2]])
    middle = near[1][1]
    inner = torch.cat((cross, middle.unsqueeze(0)))
    low, high = inner.amin(dim=0) + corners.amin(dim=0), inner.amax(dim=0) + corners.amax(dim=0)
    room = (torch.minimum(low, 2 - high) / high.clamp(min=torch.finfo(high.dtype).eps)).clamp(0, 1).sqrt()
    weight = -room * (GENTLE + amount * (STRONG - GENTLE))
    return ((cross.sum(dim=0) * weight + middle) / (1 + 4 * weight)).clamp(0, 1).movedim(1, -1)
