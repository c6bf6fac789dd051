"""Tiny random IP-Adapters in the layout of the files that there are, for the U-Nets of other tests.

sizes = sizes_for(backbone, "plus")
path = write_adapter(tmp_path / "ip-adapter-plus.safetensors", sizes)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion.ip_adapter.layers import layers_of
from diffusion.ip_adapter.network import FULL, PLAIN, PLUS, AdapterSizes, adapter_keys, build_adapter
from tests.diffusion.checkpoints.written import original_state
from tests.diffusion.test_clip_vision import CLIP
from tests.tiny_checkpoint import write_state

KINDS = (PLAIN, FULL, PLUS)
RESAMPLER = {"tokens": 3, "inner": 128, "heads": 2, "depth": 4, "growth": 4}  # diffusers takes no other depth
TOKENS = {PLAIN: {"tokens": 4}, FULL: {}, PLUS: RESAMPLER}


def sizes_for(backbone: Any, kind: str) -> AdapterSizes:
    """Return the sizes of an adapter for a U-Net and the tiny CLIP vision network."""
    attentions = [backbone.get_submodule(layer.name) for layer in layers_of(backbone)]
    seen = CLIP.projection if kind == PLAIN else CLIP.width
    widths = tuple(attention.inner_dim for attention in attentions)
    return AdapterSizes(kind, seen, attentions[0].cross_attention_dim, widths, **TOKENS[kind])


def adapter_state(sizes: AdapterSizes) -> dict[str, Tensor]:
    """Return the tensors of a file, large enough that a picture changes much."""
    module = build_adapter(sizes)
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.3
    return original_state([(module, adapter_keys(module, sizes))])


def write_adapter(path: Path, sizes: AdapterSizes) -> Path:
    """Write an adapter and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_state(path, adapter_state(sizes))
