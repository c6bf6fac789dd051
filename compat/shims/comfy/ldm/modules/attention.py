"""ComfyUI's `comfy.ldm.modules.attention`: attention as functions that packs call and put in the place of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.nn import functional

from diffusion.attention import attend


def attention_pytorch(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: int,
    mask: Tensor | None = None,
    attn_precision: Any = None,
    skip_reshape: bool = False,
    skip_output_reshape: bool = False,
    **unused: Any,
) -> Tensor:
    """Return attention of (batch, places, heads * width), or with `skip_reshape` of (batch, heads, places, width)."""
    if not skip_reshape and not skip_output_reshape:
        return attend(q, k, v, heads, mask)
    if not skip_reshape:
        q, k, v = (x.reshape(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    if mask is not None:
        mask = mask.unsqueeze(0) if mask.ndim == 2 else mask
        mask = mask.unsqueeze(1) if mask.ndim == 3 else mask
    mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return mixed if skip_output_reshape else mixed.transpose(1, 2).flatten(2)


attention_basic = attention_split = attention_sub_quad = attention_pytorch
optimized_attention = optimized_attention_masked = attention_pytorch


def optimized_attention_for_device(device: Any, mask: bool = False, small_input: bool = False) -> Callable[..., Tensor]:
    """Return the attention to use on a device."""
    return optimized_attention


def default(val: Any, d: Any) -> Any:
    """Return a value, or another if there is none."""
    if val is not None:
        return val
    return d() if callable(d) else d


def exists(val: Any) -> bool:
    """Return whether there is a value."""
    return val is not None
