"""ComfyUI's `comfy.sampler_helpers`: what is done around a sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from compat.batches import fit_mask
from compat.wires.prepared import converted

__all__ = ["cond_has_hooks", "convert_cond", "get_models_from_cond", "prepare_mask"]

convert_cond = converted


def prepare_mask(noise_mask: Tensor, shape: Sequence[int], device: Any) -> Tensor:
    """Return a mask in the shape of a latent."""
    return fit_mask(noise_mask, shape).to(device)


def get_models_from_cond(cond: Sequence[Mapping[str, Any]], model_type: str) -> list[Any]:
    """Return what entries have under a name, as one list."""
    found = [entry[model_type] for entry in cond if model_type in entry]
    return [each for some in found for each in (some if isinstance(some, list) else [some])]


def cond_has_hooks(cond: Sequence[Sequence[Any]]) -> bool:
    """Return whether a conditioning has hooks."""
    return any("hooks" in pair[1] for pair in cond)
