"""ComfyUI's `comfy_execution.progress`: packs tell the progress of nodes by id; it reaches the run that is on."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypedDict

from compat.current import current_run
from compat.progress_bar import tell


class NodeState(Enum):
    """How far a node is."""

    Pending = "pending"
    Running = "running"
    Finished = "finished"
    Error = "error"


class NodeProgressState(TypedDict):
    """How far a node is, in numbers."""

    state: NodeState
    value: float
    max: float


class ProgressRegistry:
    """The progress of the nodes that were told of."""

    def __init__(self, prompt_id: str = "", dynprompt: Any = None) -> None:
        self.prompt_id = prompt_id
        self.dynprompt = dynprompt
        self.nodes: dict[str, NodeProgressState] = {}

    def ensure_entry(self, node_id: str) -> NodeProgressState:
        """Return how far a node is."""
        return self.nodes.setdefault(node_id, NodeProgressState(state=NodeState.Pending, value=0.0, max=1.0))

    def start_progress(self, node_id: str) -> None:
        """Tell that a node begins."""
        self.nodes[node_id] = NodeProgressState(state=NodeState.Running, value=0.0, max=1.0)

    def update_progress(self, node_id: str, value: float, max_value: float, image: Any = None) -> None:
        """Tell how far a node is; image: (format, PIL image, longest side)."""
        self.nodes[node_id] = NodeProgressState(state=NodeState.Running, value=value, max=max_value)
        run = current_run()
        if run is not None:
            tell(run, value, max_value, image)

    def finish_progress(self, node_id: str) -> None:
        """Tell that a node is done."""
        most = self.ensure_entry(node_id)["max"]
        self.nodes[node_id] = NodeProgressState(state=NodeState.Finished, value=most, max=most)


_registry = ProgressRegistry()


def get_progress_state() -> ProgressRegistry:
    """Return the progress that packs tell of."""
    run = current_run()
    _registry.prompt_id = "" if run is None else str(run.extra.get("prompt_id", ""))
    return _registry
