"""What prompts give a network, as packs find it in `model_conds`: values that fit themselves to a batch and join.

CONDCrossAttn(context).process_cond(batch_size=2, area=None).concat([other])
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor

from diffusion.resize import repeat_to_batch

MAX_REPEATS = 4  # of a shorter prompt beside a longer one (ComfyUI)


class CONDRegular:
    """A tensor, one entry for each picture."""

    def __init__(self, cond: Any) -> None:
        self.cond = cond

    def _copy_with(self, cond: Any) -> Self:
        return type(self)(cond)

    def process_cond(self, batch_size: int, **kwargs: Any) -> Self:
        """Return it for a batch."""
        return self._copy_with(repeat_to_batch(self.cond, batch_size))

    def can_concat(self, other: CONDRegular) -> bool:
        """Return whether both can go through a network side by side."""
        return bool(self.cond.shape == other.cond.shape and self.cond.device == other.cond.device)

    def concat(self, others: Sequence[CONDRegular]) -> Any:
        """Return all side by side."""
        return torch.cat([self.cond, *(other.cond for other in others)])

    def size(self) -> list[int]:
        """Return the shape."""
        return list(self.cond.shape)


class CONDNoiseShape(CONDRegular):
    """A tensor in the picture's plane."""

    def process_cond(self, batch_size: int, area: Sequence[int] | None = None, **kwargs: Any) -> Self:
        """Return it for a batch, cut to an area."""
        data: Tensor = self.cond
        if area is not None:
            dims = len(area) // 2
            for dim in range(dims):
                data = data.narrow(dim + 2, area[dim + dims], area[dim])
        return self._copy_with(repeat_to_batch(data, batch_size))


class CONDCrossAttn(CONDRegular):
    """Tokens, which may be repeated to the length of others."""

    def can_concat(self, other: CONDRegular) -> bool:
        """Return whether both can go through a network side by side."""
        mine, theirs = self.cond.shape, other.cond.shape
        if mine[0] != theirs[0] or mine[2] != theirs[2] or self.cond.device != other.cond.device:
            return False
        return bool(math.lcm(mine[1], theirs[1]) // min(mine[1], theirs[1]) <= MAX_REPEATS)

    def concat(self, others: Sequence[CONDRegular]) -> Tensor:
        """Return all side by side, of one length."""
        tensors = [self.cond, *(other.cond for other in others)]
        length = math.lcm(*(tensor.shape[1] for tensor in tensors))
        return torch.cat([tensor.repeat(1, length // tensor.shape[1], 1) for tensor in tensors])


class CONDConstant(CONDRegular):
    """A value that all share."""

    def process_cond(self, batch_size: int, **kwargs: Any) -> Self:
        """Return it."""
        return self._copy_with(self.cond)

    def can_concat(self, other: CONDRegular) -> bool:
        """Return whether both are equal."""
        return is_equal(self.cond, other.cond)

    def concat(self, others: Sequence[CONDRegular]) -> Any:
        """Return the value."""
        return self.cond

    def size(self) -> list[int]:
        """Return that of one number."""
        return [1]


class CONDList(CONDRegular):
    """Several tensors."""

    def process_cond(self, batch_size: int, **kwargs: Any) -> Self:
        """Return them for a batch."""
        return self._copy_with([repeat_to_batch(each, batch_size) for each in self.cond])

    def can_concat(self, other: CONDRegular) -> bool:
        """Return whether both can go through a network side by side."""
        return [each.shape for each in self.cond] == [each.shape for each in other.cond]

    def concat(self, others: Sequence[CONDRegular]) -> list[Tensor]:
        """Return each with its like side by side."""
        return [torch.cat(each) for each in zip(self.cond, *(other.cond for other in others), strict=True)]

    def size(self) -> list[int]:
        """Return the shape of one that has all elements."""
        total = sum(each.numel() for each in self.cond)
        return [1, self.cond[0].shape[1], total // self.cond[0].shape[1]]


def is_equal(x: Any, y: Any) -> bool:
    """Return whether two values, with tensors in them, are equal."""
    if isinstance(x, Tensor) and isinstance(y, Tensor):
        return torch.equal(x, y)
    if isinstance(x, dict) and isinstance(y, dict):
        return x.keys() == y.keys() and all(is_equal(x[key], y[key]) for key in x)
    if isinstance(x, list | tuple) and type(x) is type(y):
        return len(x) == len(y) and all(map(is_equal, x, y))
    return bool(x == y)
