"""ComfyUI's `comfy.k_diffusion.utils`."""

from __future__ import annotations

from torch import Tensor


def append_dims(x: Tensor, target_dims: int) -> Tensor:
    """Return a tensor with sides of length 1 behind its own."""
    return x.reshape(*x.shape, *[1] * (target_dims - x.ndim))
