"""`--quick-test-for-ci`: whether the worker comes up at all."""

from __future__ import annotations

import asyncio

from serving.workers import Worker, WorkerState

LONGEST_S = 300.0
LOOK_S = 0.05


async def comes_up(worker: Worker, stopped: asyncio.Event) -> bool:
    """Wait until the worker is ready; False if it died or took too long, or the server was told to end."""
    try:
        async with asyncio.timeout(LONGEST_S):
            while worker.state is WorkerState.STARTING and not stopped.is_set():
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        return False
    return worker.state is WorkerState.READY
