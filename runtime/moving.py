"""BlockMover: brings blocks of networks to a device and takes them off, between the books and the tensors.

    mover = BlockMover(device, ledger, transfer, measuring, ram, next_use_below)
    mover.register(layout, owner=module)
    carry_out(moves, ledger, mover)

A block that leaves the device is offered to the RAM tier, if there is one.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from graph.ledger import Ledger
from graph.memory import Block, NextUse
from runtime.measuring import Measuring
from runtime.places import Layout, Place
from runtime.ram import RamTier
from runtime.transfer import Arrival, Transfer


@dataclass
class BlockMover:
    """Implements graph.ledger.Mover. next_use_below: by what the RAM tier ranks what it keeps when a block leaves."""

    ledger: Ledger
    transfer: Transfer
    measuring: Measuring
    ram: RamTier | None
    next_use_below: Callable[[Block], NextUse]
    places: dict[str, Place] = field(default_factory=dict, init=False)
    arriving: dict[str, Arrival] = field(default_factory=dict, init=False)  # in the books, but still on their way
    _layouts: weakref.WeakSet[Layout] = field(default_factory=weakref.WeakSet, init=False, repr=False)
    _forgotten: deque[str] = field(default_factory=deque, init=False, repr=False)  # blocks that nobody holds any more
    _calls: int = field(default=0, init=False, repr=False)  # during which nothing is struck out

    def load(self, block: Block) -> None:
        """Bring a block that is in the books."""
        self._put(block, self._sent(block))

    def evict(self, block: Block) -> None:
        """Take a block off the device."""
        place = self.places[block.name]
        was_there = self.arriving.pop(block.name, None) is None
        with self.measuring.paused():
            if was_there and self.ram is not None and self.ram.held(block.name) is None:
                self.ram.offer(place, self.next_use_below(block))
            place.evict()

    def send(self, block: Block) -> None:
        """Send a block that is in the books ahead of its use."""
        self.arriving[block.name] = self._sent(block)

    def receive(self, block: Block) -> bool:
        """Let the network compute with a block that was sent; return whether it was."""
        arrival = self.arriving.pop(block.name, None)
        if arrival is not None:
            self._put(block, arrival)
        return arrival is not None

    def scratch_bytes(self, block: Block) -> int:
        """Return what making a block takes beside it: patches are computed where it goes, unless RAM has the result."""
        is_held = self.ram is not None and self.ram.held(block.name) is not None
        return 0 if is_held else self.places[block.name].scratch_bytes

    def register(self, layout: Layout, owner: object) -> None:
        """Know the blocks of a layout as long as somebody holds its owner."""
        if layout in self._layouts:
            return
        self._layouts.add(layout)
        new = {place.block.name: place for place in layout.places if place.block.name not in self.places}
        if new:
            self.places |= new
            weakref.finalize(owner, self._forget, tuple(new)).atexit = False

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Strike nothing out for a while: owners may be collected at any moment, also while blocks are moved."""
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._strike_out()

    def _forget(self, names: Sequence[str]) -> None:
        self._forgotten += names
        self._strike_out()

    def _strike_out(self) -> None:
        while self._forgotten and not self._calls:
            name = self._forgotten.popleft()
            del self.places[name]
            if name in self.ledger:
                self.ledger.evict(name)
            if self.ram is not None:
                self.ram.forget(name)

    def _sent(self, block: Block) -> Arrival:
        held = None if self.ram is None else self.ram.held(block.name)
        with self.measuring.paused(), self._scratch(block):
            return self.transfer.start(self.places[block.name], held)

    def _put(self, block: Block, arrival: Arrival) -> None:
        with self.measuring.paused():
            self.places[block.name].put(arrival.tensors())

    @contextmanager
    def _scratch(self, block: Block) -> Iterator[None]:
        nbytes = self.scratch_bytes(block)
        if not nbytes:
            yield
            return
        with self.ledger.reserved(f"patching {block.name}", nbytes):
            yield
