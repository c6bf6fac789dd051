"""PackLoop: the event loop in which packs' routes run, on a thread of its own, so that jobs do not wait for them.

loop = start_loop()
loop.create_task(work())  # from any thread: in ComfyUI packs are imported in the thread of its loop
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any


class PackLoop(asyncio.SelectorEventLoop):
    """A loop whose `call_soon`, and so `create_task`, may be called from other threads too."""

    def __init__(self) -> None:
        super().__init__()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to run."""
        self._thread = threading.Thread(target=self._work, name="packs' routes", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait until that is done."""
        if self._thread is not None:
            self.call_soon_threadsafe(self.stop)
            self._thread.join()
        self.close()

    def call_soon(  # type: ignore[override]  # typeshed has TypeVarTuples here
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a callback next."""
        if self._thread is None or threading.current_thread() is self._thread:
            return super().call_soon(callback, *args, context=context)
        return self.call_soon_threadsafe(callback, *args, context=context)

    def _work(self) -> None:
        asyncio.set_event_loop(self)
        self.run_forever()


def start_loop() -> PackLoop:
    """Return a loop that runs."""
    loop = PackLoop()
    loop.start()
    return loop
