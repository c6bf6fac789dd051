"""RAM as a tier: blocks that leave the device stay in the computer's memory while there is room, ready to be sent again.

    ram = RamTier(Ledger("RAM", 16 * 10**9), is_pinned=True)
    ram.offer(place, next_use)      # the block leaves the device
    ram.held(place.block.name)      # its weights, or None if they must be made from the file again

What is kept is decided by graph.memory, as it is for the device: what is used last goes first, back to the file. Blocks lie
here as they are on the device: in its precision, packed, patched.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from diffusion.packed import on_parts
from graph.ledger import Ledger, admit
from graph.memory import Block, NextUse
from runtime.places import Place
from runtime.transfer import Held


@dataclass
class RamTier:
    """Weights in RAM. is_pinned: in memory that a graphics card can read by itself, while it computes."""

    ledger: Ledger
    is_pinned: bool = False
    _held: dict[str, Held] = field(default_factory=dict, init=False, repr=False)

    def held(self, name: str) -> Held | None:
        """Return the weights of a block, None if they are not here."""
        return self._held.get(name)

    def offer(self, place: Place, next_use: NextUse) -> None:
        """Keep what is about to leave the device, unless there is something better to keep."""
        admit(place.block, self.ledger, _Copier(self, place), next_use)

    def forget(self, name: str) -> None:
        """Strike out a block that nobody needs any more."""
        if self._held.pop(name, None) is not None:
            self.ledger.evict(name)

    def clear(self) -> None:
        """Forget all blocks."""
        for name in tuple(self._held):
            self.forget(name)


@dataclass(frozen=True)
class _Copier:
    """Implements graph.ledger.Mover for the block of one place."""

    tier: RamTier
    place: Place

    def load(self, block: Block) -> None:
        """Copy from the device."""
        self.tier._held[block.name] = tuple(
            on_parts(tensor, lambda part: _copy(part, self.tier.is_pinned)) for tensor in self.place.tensors()
        )

    def evict(self, block: Block) -> None:
        """Let a block lie in the file only."""
        del self.tier._held[block.name]


def _copy(tensor: Tensor, is_pinned: bool) -> Tensor:
    copy = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=is_pinned)
    return copy.copy_(tensor)
