"""Language models as text encoders: transformers' Qwen3, Qwen2.5-VL and Mistral, layer by layer.

    states = run_layers(model, model.embed_tokens(ids), mask, taps=(-2,))

A model is what transformers calls one: `embed_tokens`, `layers`, `norm`, `rotary_emb`. Layers behind the last wanted state are
not computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.errors import DiffusionError

LEAST_SHARE = 0.25  # of the lowest number: masks are added to each other (ComfyUI)


class FreshRotary(nn.Module):
    """Rotary positions whose frequencies are made at each use: nothing that weights are rounded to touches them."""

    def __init__(self, make: Callable[[], nn.Module]) -> None:
        """Take what makes the module of transformers."""
        super().__init__()
        self.make = make

    def forward(self, x: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return cosines and sines."""
        with torch.device(x.device):
            turned: tuple[Tensor, Tensor] = self.make()(x, position_ids)
        return turned


def run_layers(
    module: nn.Module, x: Tensor, mask: Tensor, taps: Sequence[int] = (), positions: Tensor | None = None
) -> list[Tensor]:
    """Return states (batch, tokens, width) after some numbers of layers; without taps the last one, normed.

    x: embedded tokens. mask: (batch, tokens), 1 for those that may be attended to. taps: below 0 they count from the end, -1
    is after all layers. positions: as the model's rotary embedding wants them, if not 0, 1, 2 …
    """
    model: Any = module
    layers = list(model.layers)
    after = [tap if tap >= 0 else len(layers) + 1 + tap for tap in taps]
    if max(after, default=0) > len(layers):
        raise DiffusionError(
            f"This text encoder has {len(layers)} layers; the family of models reads it after layer {max(after)}. "
            "Take the encoder that the family is made for."
        )
    if positions is None:
        positions = torch.arange(x.shape[1], device=x.device).expand(x.shape[0], -1)
    turns, added = model.rotary_emb(x, positions), causal_mask(mask.to(x.device), x.dtype)
    states = [x]
    for layer in layers[: max(after, default=len(layers))]:
        x = layer(x, attention_mask=added, position_embeddings=turns)
        states.append(x)
    return [states[number] for number in after] if taps else [model.norm(x)]


def causal_mask(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """Return what is added to attention (batch, 1, tokens, tokens): tokens see those before them that the mask allows."""
    lowest, tokens = torch.finfo(dtype).min * LEAST_SHARE, mask.shape[-1]
    later = torch.full((tokens, tokens), lowest, dtype=dtype, device=mask.device).triu(1)
    return later + (1 - mask[:, None, None].to(dtype)) * lowest
