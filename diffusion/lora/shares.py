"""Layers that files have as one and networks as several: each gets its rows of what a file changes.

    share_of(change, Share("attn.to_k.weight", ((3072, 6144),)))  # the key's part of a change of query, key and value

The rows of one layer in another order are a share too (diffusers' last norm of Flux).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.lora.changes import Additive, Delta, LowRank, Misfit, Replacement, Size


class Share(NamedTuple):
    """A tensor of a network, and which rows of the file's layer are its own, from and to, in its order."""

    name: str
    rows: tuple[tuple[int, int], ...]

    @property
    def length(self) -> int:
        """How many rows it has."""
        return sum(end - start for start, end in self.rows)


class Names(NamedTuple):
    """The names of layers in files, and what they mean: a tensor, or one of `shares`, which stands for several."""

    aliases: Mapping[str, str]
    shares: Mapping[str, tuple[Share, ...]] = {}


@dataclass(frozen=True)
class RowsOf:
    """Some rows of a difference."""

    whole: Delta
    share: Share

    @property
    def size(self) -> Size:
        """So many rows of all columns."""
        return Size(self.share.length, self.whole.size.columns)

    def unfold(self, device: torch.device) -> Tensor:
        """Unfold the whole and take them."""
        whole = self.whole.unfold(device)
        return _taken(whole.reshape(self.whole.size.rows, -1), self.share)


def share_of(change: Additive | Replacement, share: Share) -> Additive | Replacement:
    """Return the part of a change that concerns one share; Misfit if it cannot be told apart."""
    if isinstance(change, Replacement):
        return Replacement(_taken(change.value, share))
    delta, magnitude = change.delta, change.magnitude
    if magnitude is not None:
        if magnitude.shape[:1] != (delta.size.rows,):
            raise Misfit("a magnitude for each input cannot be shared among layers that were one")
        magnitude = _taken(magnitude, share)
    if isinstance(delta, LowRank) and delta.mid is None:
        return replace(change, delta=LowRank(_taken(delta.up, share), delta.down), magnitude=magnitude)
    return replace(change, delta=RowsOf(delta, share), magnitude=magnitude)


def whole_shape(shares: Sequence[Share], shapes: Mapping[str, tuple[int, ...]]) -> tuple[int, ...]:
    """Return the shape of a layer that a network has as several."""
    return (sum(share.length for share in shares), *shapes[shares[0].name][1:])


def _taken(rows: Tensor, share: Share) -> Tensor:
    parts = [rows[start:end] for start, end in share.rows]
    return parts[0] if len(parts) == 1 else torch.cat(parts)
