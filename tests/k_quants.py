"""Writers for llama.cpp's blocks of 256, which the gguf package only reads: the nearest numbers for plain scales.

data = K_QUANTS["Q4_K"](weight)   # (rows, bytes of a row), rows of whole blocks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor


def half_bytes(values: Tensor) -> Tensor:
    """Return numbers (blocks,) as the two bytes of float16, (blocks, 2)."""
    return values.half()[:, None].view(torch.uint8)


def with_minima(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Return the head of blocks with a scale and a minimum for each 32 numbers, and the numbers (blocks, 8, 32)."""
    groups = weight.reshape(-1, 8, 32)
    least = (-groups.amin(-1)).clamp(min=0)
    steps = (groups.amax(-1) + least) / (2**bits - 1)
    whole, whole_least = steps.amax(-1).half() / 63, least.amax(-1).half() / 63
    scales, minima = (
        (each / total.float()[:, None]).nan_to_num().round().clamp(0, 63).to(torch.uint8)
        for each, total in ((steps, whole), (least, whole_least))
    )
    shifted = groups + (whole_least.float()[:, None] * minima)[..., None]
    numbers = shifted / (whole.float()[:, None] * scales)[..., None].clamp(min=1e-12)
    low = scales[:, :4] | (scales[:, 4:] >> 4 << 6)
    middle = minima[:, :4] | (minima[:, 4:] >> 4 << 6)
    high = (scales[:, 4:] & 15) | (minima[:, 4:] & 15) << 4
    head = torch.cat((half_bytes(whole), half_bytes(whole_least), low, middle, high), dim=-1)
    return head, numbers.round().clamp(0, 2**bits - 1).to(torch.uint8)


def nibbles(numbers: Tensor) -> Tensor:
    """Return eight groups of 32 numbers of 4 bits as 128 bytes: two groups in 32."""
    pairs = (numbers & 15).reshape(-1, 4, 2, 32)
    return (pairs[:, :, 0] | pairs[:, :, 1] << 4).reshape(-1, 128)


def q4_k(weight: Tensor) -> Tensor:
    """Return blocks of Q4_K."""
    head, numbers = with_minima(weight, 4)
    return torch.cat((head, nibbles(numbers)), dim=-1).reshape(len(weight), -1)


def q5_k(weight: Tensor) -> Tensor:
    """Return blocks of Q5_K: the fifth bits of the groups are the bits of 32 bytes."""
    head, numbers = with_minima(weight, 5)
    places = torch.arange(8, dtype=torch.uint8)[:, None]
    fifth = (numbers >> 4 << places).sum(dim=1).to(torch.uint8)
    return torch.cat((head, fifth, nibbles(numbers)), dim=-1).reshape(len(weight), -1)


def q6_k(weight: Tensor) -> Tensor:
    """Return blocks of Q6_K: a scale for each 16 numbers; of 128, those 64 apart share bytes of their lower bits."""
    groups = weight.reshape(-1, 16, 16)
    steps = groups.abs().amax(-1) / 31
    whole = steps.amax(-1).half() / 127
    scales = (steps / whole.float()[:, None]).nan_to_num().round().clamp(0, 127)
    numbers = groups / (whole.float()[:, None] * scales)[..., None].clamp(min=1e-12)
    quarters = (numbers.round().clamp(-32, 31) + 32).to(torch.uint8).reshape(-1, 2, 4, 32)
    low = quarters[:, :, :2] & 15 | (quarters[:, :, 2:] & 15) << 4
    places = torch.tensor([0, 2, 4, 6], dtype=torch.uint8)[:, None]
    high = (quarters >> 4 << places).sum(dim=2).to(torch.uint8)
    parts = low.flatten(1), high.flatten(1), scales.to(torch.int8).view(torch.uint8), half_bytes(whole)
    return torch.cat(parts, dim=-1).reshape(len(weight), -1)


K_QUANTS: Mapping[str, Callable[[Tensor], Tensor]] = {"Q4_K": q4_k, "Q5_K": q5_k, "Q6_K": q6_k}
