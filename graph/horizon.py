"""Horizon: when each block is used, known from a plan; it goes on into the next plan of the queue.

horizon = Horizon(uses).then(uses_of_the_next_job)
horizon.after(3)("unet/mid_block")  # 2: it is used again by the use 5
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from graph.memory import NEVER, Block, NextUse


@dataclass(frozen=True)
class Use:
    """One node's use of networks.

    passes: how often it goes through all of them, such as once a step. workspace_bytes: what the work itself takes.
    """

    node_id: str
    blocks: tuple[Block, ...]
    workspace_bytes: int = 0
    passes: int = 1


@dataclass(frozen=True)
class Horizon:
    """Uses in the order in which they come."""

    uses: Sequence[Use] = field(default=())

    def then(self, more: Sequence[Use]) -> Horizon:
        """Return the horizon that goes on into another plan."""
        return Horizon((*self.uses, *more))

    def after(self, index: int) -> NextUse:
        """Return how far the next use of a block is, seen from the use `index`."""
        places = self._places

        def next_use(name: str) -> float:
            found = places.get(name, ())
            place = bisect_right(found, index)
            return found[place] - index if place < len(found) else NEVER

        return next_use

    @cached_property
    def _places(self) -> Mapping[str, Sequence[int]]:
        places: dict[str, list[int]] = {}
        for index, use in enumerate(self.uses):
            for block in use.blocks:
                found = places.setdefault(block.name, [])
                if not found or found[-1] != index:
                    found.append(index)
        return places
