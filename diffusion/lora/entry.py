"""Entry: all tensors that a LoRA file has for one layer, by the endings of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from diffusion.lora.changes import Misfit

ALPHA, MAGNITUDE = ".alpha", ".dora_scale"
SUFFIXES = (ALPHA, MAGNITUDE)  # those that every form may have


@dataclass(frozen=True)
class Entry:
    """The tensors of one layer."""

    tensors: Mapping[str, Tensor]

    def need(self, suffix: str) -> Tensor:
        """Return the factor with an ending; Misfit if it is missing or no matrix."""
        if suffix not in self.tensors:
            raise Misfit(f"{suffix} is missing beside {', '.join(sorted(self.tensors))}")
        tensor = self.tensors[suffix]
        if tensor.ndim < 2:
            raise Misfit(f"{suffix} has the shape {tuple(tensor.shape)} and is no matrix")
        return tensor

    def scale(self, rank: int) -> float:
        """Return alpha / rank, 1 without alpha."""
        alpha = self.tensors.get(ALPHA)
        if alpha is not None and alpha.numel() != 1:
            raise Misfit(f"{ALPHA} has the shape {tuple(alpha.shape)} and is no number")
        return 1.0 if alpha is None else float(alpha) / rank

    @property
    def magnitude(self) -> Tensor | None:
        """The magnitude of DoRA."""
        return self.tensors.get(MAGNITUDE)
