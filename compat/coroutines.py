"""Coroutines of packs, where nobody can await them, and without gradients.

result_of(Blur.IS_CHANGED(image=None))  # waits for it if it is a coroutine
await WithoutGradients(blur.blur(image))
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Coroutine, Generator
from typing import Any

import torch


def result_of(value: Any) -> Any:
    """Return a value; of a coroutine, what it returns. It runs in a thread if this one has an event loop."""
    if not inspect.iscoroutine(value):
        return value
    if asyncio._get_running_loop() is None:
        return asyncio.run(value)
    found: list[Any] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            found.append(asyncio.run(value))
        except BaseException as error:  # raised again below, in the thread that asked
            failed.append(error)

    thread = threading.Thread(target=work, name="check of a node pack")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


class WithoutGradients:
    """Awaits a coroutine with gradients off while it works; what runs while it waits is not touched."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        """Pass what the coroutine waits for on to the event loop."""
        value, error = None, None
        try:
            while True:
                try:
                    with torch.no_grad():
                        waited = self._coroutine.send(value) if error is None else self._coroutine.throw(error)
                except StopIteration as end:
                    return end.value
                try:
                    value, error = (yield waited), None
                except BaseException as raised:  # the coroutine's to handle
                    value, error = None, raised
        finally:
            self._coroutine.close()
