"""Horizon: when each block is used, known from a plan; it goes on into the next plan of the queue.

horizon = Horizon(uses).then(uses_of_the_next_job)
horizon.after(3)("unet/mid_block")  # 2: it is used again by the use 5

Outlook is the same while time passes: it knows which use is made now.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Mapping, Sequence
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


BEFORE_ALL = -1  # the place where no use has come yet


class Outlook:
    """The uses that are expected, which of them is made now, and whom to ask for those after them."""

    def __init__(self) -> None:
        self._then: Callable[[], Sequence[Use]] = tuple
        self.expect(())

    def expect(self, uses: Sequence[Use]) -> None:
        """Begin anew with these uses."""
        self._horizon, self._position = Horizon(uses), BEFORE_ALL
        self._further: Sequence[Use] = ()
        self._whole = self._horizon

    def look_ahead(self, then: Callable[[], Sequence[Use]]) -> None:
        """Ask a function for the uses after the expected ones; it is called only when something must go."""
        self._then = then

    def advance(self, names: Container[str]) -> None:
        """Find the use that is made now by the names of blocks; ones that no plan names change nothing."""
        uses = self._horizon.uses
        for index in range(max(self._position, 0), len(uses)):
            if any(block.name in names for block in uses[index].blocks):
                self._position = index
                return

    def next_use(self) -> NextUse:
        """Return how far the next use of a block is, seen from now."""
        further = self._then()
        if further is not self._further:
            self._further, self._whole = further, self._horizon.then(further)
        return self._whole.after(self._position)
