"""Patches of weights as packs add them, and what they make of a weight.

    change = PackChange((WeightEntry(0.5, ("diff", (difference,)), 1.0),))
    change.apply(weight, 1.0)

A patch is a list of entries: strength, what it is, strength of the weight, part of the weight, function. What it is: a tuple
with a difference, `("diff" | "set", (tensor, …))`, `("lora", (up, down, alpha, mid, magnitude …))`, an object with
`calculate_weight`, a change of Weft's own (comfy.lora.load_lora gives these), or a list that begins with another weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from compat.wires.told import no_effect
from diffusion.lora.changes import Additive, LowRank


class WeightEntry(NamedTuple):
    """One patch of one weight, in ComfyUI's order."""

    strength: float
    value: Any
    strength_model: float = 1.0
    offset: tuple[int, int, int] | None = None  # dimension, start, length
    function: Callable[[Tensor], Tensor] | None = None


@dataclass(frozen=True, eq=False)
class PackChange:
    """Implements diffusion.overlay.Change."""

    key: str
    entries: tuple[WeightEntry, ...]

    def apply(self, weight: Tensor, strength: float) -> Tensor:
        """Return the weight after all entries."""
        return calculate_weight(self.entries, weight.clone(), self.key)


def calculate_weight(
    patches: Sequence[Sequence[Any]],
    weight: Tensor,
    key: str,
    intermediate_dtype: torch.dtype = torch.float32,
    original_weights: Any = None,
) -> Tensor:
    """Return a weight after patches; the one that was given may be changed."""
    for patch in patches:
        entry = WeightEntry(*patch)
        part = weight if entry.offset is None else weight.narrow(*entry.offset)
        based = part if entry.strength_model == 1.0 else part * entry.strength_model
        changed = _changed(entry, based, key, intermediate_dtype, original_weights)
        if entry.offset is None:
            weight = changed
        else:
            part.copy_(changed)
    return weight


def _changed(entry: WeightEntry, weight: Tensor, key: str, dtype: torch.dtype, original_weights: Any) -> Tensor:
    value, function = entry.value, entry.function or (lambda difference: difference)
    if hasattr(value, "calculate_weight"):
        found = value.calculate_weight(
            weight, key, entry.strength, entry.strength_model, entry.offset, function, dtype, original_weights
        )
        return weight if found is None else found
    if hasattr(value, "apply"):
        applied: Tensor = value.apply(weight, entry.strength)
        return applied
    if isinstance(value, list):
        base, convert = value[0]
        value = (calculate_weight(value[1:], convert(base.to(weight.device, dtype, copy=True)), key, dtype),)
    kind, parts = ("diff", value) if len(value) == 1 else (value[0], value[1])
    if kind == "set":
        replaced: Tensor = parts[0].to(weight).reshape(weight.shape)
        return replaced
    if kind == "lora":
        return _low_rank(parts).apply(weight, entry.strength)
    if kind != "diff":
        no_effect(f'the weight patch of the kind "{kind}"')
        return weight
    difference: Tensor = parts[0]
    if difference.numel() != weight.numel() or entry.strength == 0.0:
        return weight
    return weight + function(entry.strength * difference.to(weight).reshape(weight.shape))


def _low_rank(parts: Sequence[Any]) -> Additive:
    up, down, alpha, mid, magnitude = (*parts, None, None, None)[:5]
    delta = LowRank(up, down, mid)
    return Additive(delta, 1.0 if alpha is None else float(alpha) / delta.rank, magnitude)
