"""A picture as patches in the order in which Qwen2.5-VL's vision part wants them (its image processor; sizes as in ComfyUI)."""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional

FRAMES = 2  # a picture counts as two equal frames
MERGED = 2  # patches on a side of what becomes one token
LEAST_PIXELS, MOST_PIXELS = 3136, 12_845_056  # Qwen2.5-VL's preprocessor_config.json
MEAN = (0.48145466, 0.4578275, 0.40821073)  # CLIP's
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


class Patches(NamedTuple):
    """Patches (rows * columns, numbers), two by two, and how many there are along each side."""

    pixels: Tensor
    rows: int
    columns: int


def patches_of(image: Tensor, patch: int) -> Patches:
    """Return the patches of the first picture of (batch, height, width, channels) in 0..1; alpha is dropped."""
    rows, columns = (side // patch for side in fitting_size(image.shape[1], image.shape[2], patch * MERGED))
    planes = image[:1, ..., :3].movedim(-1, 1).float()
    planes = functional.interpolate(planes, size=(rows * patch, columns * patch), mode="bilinear")
    mean, deviation = (planes.new_tensor(values).view(-1, 1, 1) for values in (MEAN, DEVIATION))
    planes = ((planes - mean) / deviation).expand(FRAMES, -1, -1, -1)
    split = planes.reshape(FRAMES, -1, rows // MERGED, MERGED, patch, columns // MERGED, MERGED, patch)
    return Patches(split.permute(2, 5, 3, 6, 1, 0, 4, 7).reshape(rows * columns, -1), rows, columns)


def fitting_size(height: int, width: int, multiple: int) -> tuple[int, int]:
    """Return height and width as multiples, with pixels neither too few nor too many."""
    rows, columns = round(height / multiple) * multiple, round(width / multiple) * multiple
    if rows * columns > MOST_PIXELS:
        shrink = math.sqrt(height * width / MOST_PIXELS)
        rows, columns = (max(multiple, int(side / shrink / multiple) * multiple) for side in (height, width))
    elif rows * columns < LEAST_PIXELS:
        grow = math.sqrt(LEAST_PIXELS / (height * width))
        rows, columns = (math.ceil(side * grow / multiple) * multiple for side in (height, width))
    return rows, columns
