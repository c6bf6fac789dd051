"""PromptQueue: what packs take for ComfyUI's queue. The queue is the server's, which is asked each time.

queue.get_current_queue()       # ([(number, id, prompt, extra_data, outputs, {})], [])
queue.get_history(prompt_id="…")
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from compat.shim_module import missing
from compat.shims.finder import lent

Item = tuple[Any, ...]
FREED = ("unload_models", "free_memory")


class PromptQueue:
    """server: the PromptServer it belongs to."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.mutex = threading.RLock()  # guards nothing here, but packs enter it
        self.not_empty = threading.Condition(self.mutex)

    @property
    def currently_running(self) -> dict[int, Item]:
        """What runs, by numbers."""
        return dict(enumerate(self.get_current_queue()[0]))

    @property
    def queue(self) -> list[Item]:
        """What waits."""
        return self.get_current_queue()[1]

    @property
    def history(self) -> dict[str, Any]:
        """What is over, by id; a copy."""
        return self.get_history()

    def get_current_queue(self) -> tuple[list[Item], list[Item]]:
        """Return what runs and what waits."""
        found = lent().ask("queue") or {"queue_running": [], "queue_pending": []}
        return list(map(_item, found["queue_running"])), list(map(_item, found["queue_pending"]))

    get_current_queue_volatile = get_current_queue

    def get_tasks_remaining(self) -> int:
        """Return how many run and wait."""
        return int(lent().ask("remaining") or 0)

    def get_history(
        self,
        prompt_id: str | None = None,
        max_items: int | None = None,
        offset: int = -1,
        map_function: Callable[[Any], Any] | None = None,
    ) -> dict[str, Any]:
        """Return what is over, by id, the oldest first; one of them, or a part."""
        asked = {"prompt_id": prompt_id, "max_items": max_items, "offset": offset}
        found: dict[str, Any] = lent().ask("history", asked) or {}
        return found if map_function is None else {key: map_function(value) for key, value in found.items()}

    def put(self, item: Item) -> None:
        """Queue a prompt: (number, id, prompt, extra_data, outputs, …). The server checks it as any other."""
        number, prompt_id, prompt, extra, outputs = item[:5]
        sensitive = item[5] if len(item) > 5 else {}
        body = {"number": number, "prompt_id": prompt_id, "prompt": prompt, "outputs": list(outputs)}
        lent().ask("submit", {**body, "extra_data": {**extra, **sensitive}})

    def wipe_queue(self) -> None:
        """Take all out that wait."""
        lent().ask("take_out", {"clear": True})

    def delete_queue_item(self, function: Callable[[Item], bool]) -> bool:
        """Take the first out that a function says yes to; return whether there is one."""
        chosen = next(filter(function, self.queue), None)
        if chosen is not None:
            lent().ask("take_out", {"delete": [chosen[1]]})
        return chosen is not None

    def wipe_history(self) -> None:
        """Forget all that is over."""
        lent().ask("forget", {"clear": True})

    def delete_history_item(self, id_to_delete: str) -> None:
        """Forget one that is over."""
        lent().ask("forget", {"delete": [id_to_delete]})

    def set_flag(self, name: str, data: Any) -> None:
        """Let go of memory once no job runs; of what else ComfyUI has flags for there is nothing."""
        if name in FREED and data:
            lent().ask("free", {name: True})

    def get_flags(self, reset: bool = True) -> dict[str, Any]:
        """Return nothing: what is set is done."""
        return {}

    def interrupt_if_running(self, prompt_id: str) -> bool:
        """End a job if it runs; return whether it does."""
        return bool(lent().ask("interrupt", {"prompt_id": prompt_id}))

    def __getattr__(self, name: str) -> Any:
        return missing("server.PromptServer.instance.prompt_queue", name)


def _item(document: list[Any]) -> Item:
    return (*document, {})
