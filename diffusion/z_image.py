"""How Z-Image's transformer is called: a picture and a text for each entry of the batch, and time that runs the other way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.adapters import NOTHING, Given
from diffusion.conditioning import Cond
from diffusion.levels import TIMESTEPS

PATCH = 2


@dataclass(frozen=True)
class ZImageAdapter:
    """Z-Image's. Prompts are taken whole: what a mask hides is padding, of which they have none."""

    repeats_contexts: bool = False
    planes: frozenset[str] = frozenset()

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return nothing."""
        return NOTHING

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return noise less picture; odd sides are filled up from the other end (ComfyUI)."""
        network: Any = backbone
        rows, columns = x.shape[-2:]
        if rows % PATCH or columns % PATCH:
            x = functional.pad(x, (0, -columns % PATCH, 0, -rows % PATCH), mode="circular")
        clean = 1.0 - timestep.float() / TIMESTEPS
        with _exact_waves(network.t_embedder, clean * network.t_scale, x.dtype):
            pictures = network(list(x.unsqueeze(2)), clean, list(context), return_dict=False)[0]
        return -torch.stack(pictures).squeeze(2)[..., :rows, :columns]


@contextmanager
def _exact_waves(embedder: Any, time: Tensor, dtype: torch.dtype) -> Iterator[None]:
    """Let a network know the time in the precision in which it computes: it would round it to that of packed weights."""
    waves = embedder.timestep_embedding(time, embedder.frequency_embedding_size).to(dtype)
    handle = embedder.mlp.register_forward_pre_hook(lambda layer, args: (waves,))
    try:
        yield
    finally:
        handle.remove()
