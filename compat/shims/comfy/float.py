"""ComfyUI's `comfy.float`: rounding to 8 bits by chance."""

from __future__ import annotations

import torch
from torch import Tensor

EIGHT_BITS = {torch.float8_e4m3fn: 3, torch.float8_e5m2: 2}  # with their bits of mantissa


def stochastic_rounding(value: Tensor, dtype: torch.dtype, seed: int = 0) -> Tensor:
    """Return a tensor in a dtype; in 8 bits each value goes up or down by chance, so that the mean stays."""
    if dtype not in EIGHT_BITS:
        return value.to(dtype)
    generator = torch.Generator(value.device).manual_seed(seed)
    limits = torch.finfo(dtype)
    x = value.float().clamp(limits.min, limits.max)
    exponent = torch.frexp(x).exponent - 1
    least = int(torch.tensor(limits.smallest_normal).log2())
    step = torch.ldexp(torch.ones_like(x), exponent.clamp(min=least) - EIGHT_BITS[dtype])
    moved = (x / step + torch.rand(x.shape, generator=generator, device=x.device)).floor() * step
    return moved.clamp(limits.min, limits.max).to(dtype)
