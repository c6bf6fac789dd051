"""ComfyUI's `comfy_execution.utils`: which node runs."""

from __future__ import annotations

from typing import NamedTuple

from compat.current import now_running


class ExecutionContext(NamedTuple):
    """The node that runs. list_index: which call of it, where it is called for each item of a list."""

    prompt_id: str
    node_id: str
    list_index: int | None


def get_executing_context() -> ExecutionContext | None:
    """Return which node runs here; None outside of all nodes."""
    entry = now_running()
    if entry is None:
        return None
    return ExecutionContext(str(entry.run.extra.get("prompt_id", "")), entry.run.node_id, entry.list_index)
