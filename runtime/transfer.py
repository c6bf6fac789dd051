"""How weights travel from the file to a device: at once, or ahead of their use, while the device computes.

    arrival = transfer.start(place)   # may still be on its way
    place.put(arrival.tensors())      # waits, as far as needed

On CUDA blocks come through pinned memory and a stream of their own, so that copying and computing overlap.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from graph.errors import BudgetError
from graph.ledger import Ledger
from runtime.networks import Place


@dataclass(frozen=True)
class Arrival:
    """Weights that were sent. `tensors` returns them when the device may use them."""

    tensors: Callable[[], tuple[Tensor, ...]]


class Transfer(Protocol):
    """A way to a device."""

    is_ahead: bool  # whether sending the next block while one is used saves time

    def start(self, place: Place) -> Arrival:
        """Send the weights of a block."""
        ...


class PlainTransfer:
    """Copies when asked."""

    def __init__(self, device: torch.device, *, is_ahead: bool = False) -> None:
        self.is_ahead = is_ahead
        self._device = device

    def start(self, place: Place) -> Arrival:
        """Copy now."""
        tensors = place.copied(self._device)
        return Arrival(lambda: tensors)


class CudaTransfer:
    """Copies in a stream of its own. `ram`: how much pinned memory may hold blocks that are sent again and again."""

    is_ahead = True

    def __init__(self, device: torch.device, ram: Ledger) -> None:
        self._device = device
        self._ram = ram
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pinned: weakref.WeakKeyDictionary[Place, tuple[Tensor, ...]] = weakref.WeakKeyDictionary()

    def start(self, place: Place) -> Arrival:
        """Send from pinned memory, and let the computation wait for it when the weights are asked for."""
        sources = self._pinned_copies(place)
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._stream):
            sent = tuple(source.to(self._device, copy=True, non_blocking=True) for source in sources)
            done.record(self._stream)

        def tensors() -> tuple[Tensor, ...]:
            current = torch.cuda.current_stream(self._device)
            current.wait_event(done)
            for tensor in sent:
                tensor.record_stream(current)
            return sent

        return Arrival(tensors)

    def _pinned_copies(self, place: Place) -> tuple[Tensor, ...]:
        """Return the weights in memory that the device can read by itself; as they are in the file if that is full."""
        if place not in self._pinned:
            try:
                self._ram.load(place.block)
            except BudgetError:
                return place.copied(torch.device("cpu"))
            self._pinned[place] = tuple(tensor.pin_memory() for tensor in place.copied(torch.device("cpu")))
            weakref.finalize(place, self._ram.evict, place.block.name).atexit = False
        return self._pinned[place]
