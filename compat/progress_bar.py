"""ProgressBar: what packs tell of their progress, passed on to the run of the node that they work in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from compat.current import is_interrupted, now_running
from compat.interruption import InterruptProcessingException
from graph.errors import Cancelled
from graph.run import Run

INTERVAL_S = 0.05  # between two reports that are neither the first nor the last
Hook = Callable[..., None]


class ProgressBar:
    """Counts up to a total. Each update ends the node if the user cancelled."""

    def __init__(self, total: int, node_id: str | None = None, hook: Hook | None = None) -> None:
        self.total = total
        self.current: float = 0
        self.node_id = node_id
        self.hook = hook  # of a pack that draws progress itself, in place of the run
        self._made_in = now_running()
        self._told_s: float | None = None

    def update_absolute(self, value: float, total: int | None = None, preview: Any = None) -> None:
        """Set how much is done; preview: (format, PIL image, longest side)."""
        if total is not None:
            self.total = total
        self.current = min(value, self.total)
        now_s = time.perf_counter()
        entry = now_running(self._made_in)
        if entry is not None and entry.is_ended:
            raise InterruptProcessingException
        is_due = self._told_s is None or now_s - self._told_s >= INTERVAL_S
        if is_due or preview is not None or self.current >= self.total:
            self._told_s = now_s
            self._tell(preview)
        elif is_interrupted(entry):
            raise InterruptProcessingException

    def update(self, value: float) -> None:
        """Add to what is done."""
        self.update_absolute(self.current + value)

    def _tell(self, preview: Any) -> None:
        if self.hook is not None:
            self.hook(self.current, self.total, preview, node_id=self.node_id)
            return
        entry = now_running(self._made_in)
        if entry is not None:
            tell(entry.run, self.current, self.total, preview)


def tell(run: Run, value: float, total: float, preview: Any = None) -> None:
    """Tell a run how far its node is; preview: (format, PIL image, longest side)."""
    if preview is not None:
        run.preview(preview[1])
    try:
        run.progress(int(value), int(total))
    except Cancelled as error:
        raise InterruptProcessingException from error
