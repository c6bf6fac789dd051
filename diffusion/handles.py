"""What all handles of networks have in common: where they compute, in which precision, and how their digests grow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn, Protocol

import torch
from torch import Tensor, nn

from diffusion.errors import CheckpointError
from diffusion.overlay import Overlay, WeightPatch
from diffusion.streaming import Keeper


class FileLayout(Protocol):
    """How a network lies in files of its kind."""

    def tensors(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return tensors of the network under the names and in the shapes that files have."""
        ...


class Absent:
    """Stands where a file has no network of a kind: whatever is asked of it, CheckpointError says so in a sentence."""

    __slots__ = ("_sentence",)

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse; names that Python itself looks for are just not there."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise CheckpointError(self._sentence)


def device_of(keeper: Keeper | None, module: nn.Module) -> torch.device:
    """Return where a network computes."""
    return next(module.parameters()).device if keeper is None else keeper.device


def dtype_of(keeper: Keeper | None, module: nn.Module) -> torch.dtype:
    """Return the precision in which a network computes."""
    return next(module.parameters()).dtype if keeper is None else keeper.dtype


def overlay_for(
    overlay: Overlay | None, module: nn.Module, patches: tuple[WeightPatch, ...], dtype: torch.dtype | None
) -> Overlay:
    """Return the overlay of some patches on a network: the given one if it is that."""
    if overlay is not None and overlay.module is module and overlay.patches == patches:
        return overlay
    return Overlay(module, patches, dtype)


def joined_digest(digest: str, change: str) -> str:
    """Return the digest of something changed; "" if either is unknown."""
    return f"{digest} {change}" if digest and change else ""
