"""Rehearsal: what work will take beside weights, found out before it runs for the first time.

    rehearsals = Rehearsals(device, workspaces)
    rehearsals.workspace(layout, need, lambda: module(x), room=10**9, budget=2 * 10**9)

The work is done with tensors that have shapes and no numbers (PyTorch's FakeTensorMode), and what it would make is counted.
On a processor this is what measuring it gives; on other devices what kernels use inside is not seen.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from diffusion.overlay import Slot, swapped
from diffusion.packed import PackedTensor
from runtime.places import Layout, Weight
from runtime.workspace import UNSEEN, Need, PeakMeter, Workspaces

T = TypeVar("T")
logger = logging.getLogger(__name__)

PLENTY = 4  # times what is expected: where so much is free it does not matter how right that is
GUESS_SHARE = 4  # a workspace of which nothing is known counts as at most this part of the budget


class Rehearsals:
    """What work that was never measured is expected to take."""

    def __init__(self, device: torch.device, workspaces: Workspaces) -> None:
        self._meter: PeakMeter | None = None
        self._device = device
        self._workspaces = workspaces
        self._found: dict[Need, int | None] = {}

    @property
    def is_on(self) -> bool:
        """Whether what is going on now is no real work."""
        return self._meter is not None

    def workspace(self, layout: Layout, need: Need, work: Callable[[], Any], *, room: int, budget: int) -> int:
        """Return the bytes to be left free for work.

        room: what the budget has beside the weights. Where it is plenty for what other sizes let expect, nothing is
        rehearsed; where rehearsing is impossible and nothing is known, it is at most a share of the budget.
        """
        expected = self._workspaces.estimate(need)
        if self._workspaces.is_known(need) or expected * PLENTY <= room:
            return expected
        if need not in self._found:
            self._found[need] = self._rehearsed(layout, work)
        found = self._found[need]
        if found is not None:
            return math.ceil(found * (1.0 if self._device.type == "cpu" else UNSEEN))
        return expected if self._workspaces.largest(need) is not None else min(expected, budget // GUESS_SHARE)

    def within(self, layout: Layout, work: Callable[[], T]) -> T:
        """Do the work of a network that is used within the one that is rehearsed; its weights do not count as work."""
        assert self._meter is not None, "nothing is rehearsed"
        self._meter.is_paused = True
        shapes = _stand_ins(layout, self._device)
        self._meter.is_paused = False
        with swapped(shapes):
            return work()

    def _rehearsed(self, layout: Layout, work: Callable[[], Any]) -> int | None:
        self._meter = PeakMeter()
        try:
            return rehearsed_bytes(layout, self._device, work, self._meter)
        finally:
            self._meter = None


def rehearsed_bytes(
    layout: Layout, device: torch.device, work: Callable[[], Any], meter: PeakMeter | None = None
) -> int | None:
    """Return the bytes that work would take at once; None if it cannot be done without numbers."""
    meter = meter or PeakMeter()
    try:
        with FakeTensorMode(allow_non_fake_inputs=True):
            shapes = _stand_ins(layout, device)
            with swapped(shapes), meter:
                work()
    except (RuntimeError, NotImplementedError, AssertionError, TypeError, ValueError) as error:
        logger.debug("no rehearsal: %s: %s", type(error).__name__, error)
        return None
    return meter.peak_bytes


def _stand_ins(layout: Layout, device: torch.device) -> dict[Slot, Tensor]:
    """Return what a network consists of on the device, without numbers; tables stay where they are."""
    found: dict[Slot, Tensor] = {}
    for place in layout.places:
        for weight in place.weights:
            found[weight.slot] = _stand_in(weight, device)
    return found


def _stand_in(weight: Weight, device: torch.device) -> Tensor:
    if isinstance(weight.source, PackedTensor) and weight.is_packed:
        return weight.source.with_parts(lambda part: torch.empty(part.shape, dtype=part.dtype, device=device))
    return torch.empty(weight.source.shape, dtype=weight.dtype, device=device)
