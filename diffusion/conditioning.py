"""Conditionings: encoded prompts with where, when and how strongly they act.

    both = combine(sky, set_area(ground, 512, 256, 0, 256))
    late = set_timestep_range(both, 0.5, 1.0)

All values are frozen; every function returns a new conditioning. Semantics and odd cases are ComfyUI's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from diffusion.errors import DiffusionError

if TYPE_CHECKING:
    from diffusion.patches import Conductor

logger = logging.getLogger(__name__)

CELL = 8  # pixels on a side of one latent cell


class Area(NamedTuple):
    """A rectangle in latent cells."""

    height: int
    width: int
    y: int
    x: int


class PercentArea(NamedTuple):
    """A rectangle in parts of the picture (0..1)."""

    height: float
    width: float
    y: float
    x: float


@dataclass(frozen=True)
class Cond:
    """One encoded prompt.

    embedding: (batch, tokens, width). pooled: (batch, width). mask: (batch, height, width) in 0..1, any size. Percents
    are parts of the sampling: 0 is pure noise, 1 the finished picture. extras: what families take besides, under
    ComfyUI's names: `guidance`, `width`, `reference_latents`, `concat_mask` …
    """

    embedding: Tensor
    pooled: Tensor | None = None
    area: Area | PercentArea | None = None
    mask: Tensor | None = None
    mask_strength: float = 1.0
    set_area_to_bounds: bool = False
    strength: float = 1.0
    start_percent: float = 0.0
    end_percent: float = 1.0
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def conductor(self) -> Conductor | None:
        """What carries samplings out with it, for a prompt that diffusion.guidance cannot do justice."""
        return None


Conditioning = tuple[Cond, ...]


def combine(first: Conditioning, second: Conditioning) -> Conditioning:
    """Return both, side by side; their predictions will be averaged."""
    return first + second


def concat(to: Conditioning, source: Conditioning) -> Conditioning:
    """Put the tokens of `source`'s first prompt after those of every prompt of `to`."""
    tail = _first(source, "concat").embedding
    return tuple(replace(cond, embedding=torch.cat((cond.embedding, tail), dim=1)) for cond in to)


def average(to: Conditioning, source: Conditioning, strength: float) -> Conditioning:
    """Mix every prompt of `to` (share `strength`) with the first of `source`, cut or filled with zeros to fit."""
    other = _first(source, "average")
    return tuple(_mix(cond, other, strength) for cond in to)


def multiply(conditioning: Conditioning, factor: float) -> Conditioning:
    """Return the embeddings times a number."""
    return tuple(
        replace(cond, embedding=cond.embedding * factor, pooled=None if cond.pooled is None else cond.pooled * factor)
        for cond in conditioning
    )


def zero_out(conditioning: Conditioning) -> Conditioning:
    """Replace the embeddings by zeros; place, time and strength stay."""
    return tuple(
        replace(
            cond,
            embedding=torch.zeros_like(cond.embedding),
            pooled=None if cond.pooled is None else torch.zeros_like(cond.pooled),
        )
        for cond in conditioning
    )


def with_extras(conditioning: Conditioning, **values: Any) -> Conditioning:
    """Give every prompt values that its family's network takes (Cond.extras), in place of earlier ones."""
    return tuple(replace(cond, extras={**cond.extras, **values}) for cond in conditioning)


def with_defaults(conditioning: Conditioning, values: Mapping[str, Any]) -> Conditioning:
    """Give every prompt extras that it does not have."""
    return tuple(replace(cond, extras={**values, **cond.extras}) for cond in conditioning)


def append_extra(conditioning: Conditioning, name: str, value: Any) -> Conditioning:
    """Add a value to a list among the extras of every prompt."""
    return tuple(
        replace(cond, extras={**cond.extras, name: (*cond.extras.get(name, ()), value)}) for cond in conditioning
    )


def set_area(
    conditioning: Conditioning, width: int, height: int, x: int, y: int, strength: float = 1.0
) -> Conditioning:
    """Let prompts act in a rectangle of pixels only; it is rounded down to whole cells."""
    area = Area(height // CELL, width // CELL, y // CELL, x // CELL)
    return tuple(replace(cond, area=area, strength=strength, set_area_to_bounds=False) for cond in conditioning)


def set_area_percent(
    conditioning: Conditioning, width: float, height: float, x: float, y: float, strength: float = 1.0
) -> Conditioning:
    """Let prompts act in a rectangle only, given in parts of the picture."""
    area = PercentArea(height, width, y, x)
    return tuple(replace(cond, area=area, strength=strength, set_area_to_bounds=False) for cond in conditioning)


def set_mask(
    conditioning: Conditioning, mask: Tensor, strength: float = 1.0, *, set_area_to_bounds: bool = False
) -> Conditioning:
    """Let prompts act where a mask is 1; `set_area_to_bounds` computes them only in the rectangle around it."""
    planes = mask.unsqueeze(0) if mask.ndim < 3 else mask
    return tuple(
        replace(cond, mask=planes, mask_strength=strength, set_area_to_bounds=set_area_to_bounds)
        for cond in conditioning
    )


def set_timestep_range(conditioning: Conditioning, start: float, end: float) -> Conditioning:
    """Let prompts act from `start` to `end` of the sampling only."""
    return tuple(replace(cond, start_percent=start, end_percent=end) for cond in conditioning)


def _first(conditioning: Iterable[Cond], operation: str) -> Cond:
    conds = tuple(conditioning)
    if not conds:
        raise DiffusionError(f"Conditioning {operation}: the second conditioning is empty; give it a prompt.")
    if len(conds) > 1:
        logger.warning("Conditioning %s: only the first of %d prompts is used.", operation, len(conds))
    return conds[0]


def _mix(to: Cond, source: Cond, strength: float) -> Cond:
    tokens = to.embedding.shape[1]
    other = source.embedding[:, :tokens]
    if other.shape[1] < tokens:
        missing = other.new_zeros(other.shape[0], tokens - other.shape[1], other.shape[2])
        other = torch.cat((other, missing), dim=1)
    pooled = to.pooled
    if source.pooled is not None:
        pooled = source.pooled if pooled is None else pooled * strength + source.pooled * (1.0 - strength)
    return replace(to, embedding=to.embedding * strength + other * (1.0 - strength), pooled=pooled)
