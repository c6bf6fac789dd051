"""Measuring what work takes beside weights, while it runs for the first time.

measuring = Measuring(device, ledger, workspaces)
with measuring.of(need):
    work()
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from graph.ledger import Ledger
from runtime.workspace import UNSEEN, Need, PeakMeter, Workspaces


class Measuring:
    """Records peaks in `workspaces`; the ledger says whether weights came meanwhile."""

    def __init__(self, device: torch.device, ledger: Ledger, workspaces: Workspaces) -> None:
        self._is_cuda = device.type == "cuda"
        self._device = device
        self._ledger = ledger
        self._workspaces = workspaces
        self._meter: PeakMeter | None = None

    @property
    def is_on(self) -> bool:
        """Whether work is being measured."""
        return self._meter is not None

    @contextmanager
    def of(self, need: Need) -> Iterator[None]:
        """Measure what is done inside."""
        if self._is_cuda:
            torch.cuda.reset_peak_memory_stats(self._device)
        before, loaded = self._allocated(), self._ledger.loaded_bytes
        self._meter = PeakMeter()
        try:
            with self._meter:
                yield
            self._workspaces.record(need, self._peak_bytes(before, has_weights=self._ledger.loaded_bytes != loaded))
        finally:
            self._meter = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count what is made inside: weights."""
        meter = self._meter
        if meter is None:
            yield
            return
        meter.is_paused = True
        try:
            yield
        finally:
            meter.is_paused = False

    def _allocated(self) -> int:
        return torch.cuda.memory_allocated(self._device) if self._is_cuda else 0

    def _peak_bytes(self, before: int, *, has_weights: bool) -> int:
        """Return what the device says, or, if that has weights in it, what the tensors take."""
        assert self._meter is not None
        if not self._is_cuda:
            return self._meter.peak_bytes
        if has_weights:
            return math.ceil(self._meter.peak_bytes * UNSEEN)
        return torch.cuda.max_memory_allocated(self._device) - before
