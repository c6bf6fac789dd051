"""Tasks: the nodes of a run that are begun and not finished, each a task of the event loop.

    tasks = Tasks(scene.way)
    task = tasks.start("7", work)
    await tasks.wait({"7": task}, poll_s=0.1, ask=check_cancelled)

If several fail, the error that counts is that of the first node in the order that `rank` gives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

Task = asyncio.Task[None]


class Tasks:
    """Unfinished and failed tasks by node id."""

    def __init__(self, rank: Callable[[str], Any]) -> None:
        self.was_used = False
        self._rank = rank
        self.unfinished: dict[str, Task] = {}
        self._failed: set[str] = set()

    def among(self, node_ids: Iterable[str]) -> list[Task]:
        """Return the tasks of those nodes that are not finished."""
        return [self.unfinished[node_id] for node_id in dict.fromkeys(node_ids) if node_id in self.unfinished]

    def start(self, node_id: str, work: Coroutine[Any, Any, None]) -> Task:
        """Make a task of a node's work."""
        self.was_used = True
        task = self.unfinished[node_id] = asyncio.get_running_loop().create_task(self._watched(node_id, work))
        return task

    async def breathe(self, tasks: Mapping[str, Task]) -> None:
        """Let tasks go on; raise what one of these raised."""
        await asyncio.sleep(0)
        self._raise_failure(tasks)

    async def wait(self, tasks: Mapping[str, Task], *, poll_s: float | None, ask: Callable[[], None]) -> None:
        """Wait for all of these; raise what the first to fail raised. `ask`, now and then, may raise as well."""
        while waiting := [task for task in tasks.values() if not task.done()]:
            await asyncio.wait(waiting, timeout=poll_s, return_when=asyncio.FIRST_EXCEPTION)
            self._raise_failure(tasks)
            ask()
        self._raise_failure(tasks)

    async def close(self) -> None:
        """End all of them."""
        for task in self.unfinished.values():
            task.cancel()
        await asyncio.gather(*self.unfinished.values(), return_exceptions=True)

    async def _watched(self, node_id: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except BaseException:
            self._failed.add(node_id)
            raise
        del self.unfinished[node_id]

    def _raise_failure(self, tasks: Mapping[str, Task]) -> None:
        if self._failed and (failed := self._failed.intersection(tasks)):
            tasks[min(failed, key=self._rank)].result()
