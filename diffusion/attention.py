"""Attention of many heads, for what goes into networks beside their own layers.

output = attend(q, k, v, heads=8)  # (batch, places, heads * width)
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """Return attention of (batch, places, heads * width) tensors in the same shape.

    Keys and values may be some times as many as queries: they are tokens one behind the other then (ComfyUI).
    """

    def split(x: Tensor) -> Tensor:
        return x.reshape(q.shape[0], -1, heads, x.shape[-1] // heads).transpose(1, 2)

    if mask is not None and mask.ndim == 2:
        mask = mask.unsqueeze(0)
    mask = mask.unsqueeze(1) if mask is not None and mask.ndim == 3 else mask
    mixed = functional.scaled_dot_product_attention(split(q), split(k), split(v), attn_mask=mask)
    return mixed.transpose(1, 2).flatten(2)
