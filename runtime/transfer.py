"""How weights travel to a device: at once, or ahead of their use, while the device computes.

    arrival = transfer.start(place, held=None)  # may still be on its way
    place.put(arrival.tensors())                # waits, as far as needed

What lies in memory is sent from there, what does not is made from the file. On CUDA a block in pinned memory comes in a
stream of its own, so that copying and computing overlap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import torch
from torch import Tensor

from diffusion.packed import parts_of
from runtime.places import Place

Held = tuple[Tensor, ...]
"""The weights of a block in the memory of the computer, just as they are used on the device."""


@dataclass(frozen=True)
class Arrival:
    """Weights that were sent. `tensors` returns them when the device may use them."""

    tensors: Callable[[], tuple[Tensor, ...]]


class Transfer(Protocol):
    """A way to a device."""

    is_ahead: bool  # whether sending the next block while one is used saves time

    def start(self, place: Place, held: Held | None) -> Arrival:
        """Send the weights of a block."""
        ...


class PlainTransfer:
    """Copies when asked."""

    def __init__(self, device: torch.device, *, is_ahead: bool = False) -> None:
        self.is_ahead = is_ahead
        self._device = device

    def start(self, place: Place, held: Held | None) -> Arrival:
        """Copy now."""
        tensors = made(place, held, self._device)
        return Arrival(lambda: tensors)


class CudaTransfer:
    """Copies what lies in pinned memory in a stream of its own."""

    is_ahead = True

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def start(self, place: Place, held: Held | None) -> Arrival:
        """Send from pinned memory, and let the computation wait for it when the weights are asked for."""
        if held is None:
            tensors = made(place, None, self._device)
            return Arrival(lambda: tensors)
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._stream):
            sent = tuple(tensor.to(self._device, copy=True, non_blocking=True) for tensor in held)
            done.record(self._stream)
        return Arrival(lambda: self._received(sent, done))

    def _received(self, sent: tuple[Tensor, ...], done: torch.cuda.Event) -> tuple[Tensor, ...]:
        current = torch.cuda.current_stream(self._device)
        current.wait_event(done)
        for part in chain.from_iterable(map(parts_of, sent)):
            part.record_stream(current)
        return sent


def made(place: Place, held: Held | None, device: torch.device) -> tuple[Tensor, ...]:
    """Return the weights of a block on a device."""
    return place.copied(device) if held is None else tuple(tensor.to(device, copy=True) for tensor in held)
