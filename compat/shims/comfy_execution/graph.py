"""ComfyUI's `comfy_execution.graph`: the prompt as a node sees it; the order of nodes is the engine's affair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from comfy_execution.graph_utils import ExecutionBlocker, is_link

__all__ = [
    "DependencyCycleError",
    "DynamicPrompt",
    "ExecutionBlocker",
    "NodeInputError",
    "NodeNotFoundError",
    "get_input_info",
    "is_link",
]


class DependencyCycleError(Exception):
    """Nodes wait for each other."""


class NodeInputError(Exception):
    """An input is not what it must be."""


class NodeNotFoundError(Exception):
    """There is no node of that id."""


class DynamicPrompt:
    """A prompt, and the nodes that joined it by expansion."""

    def __init__(self, original_prompt: Mapping[str, Any]) -> None:
        self.original_prompt = original_prompt
        self.ephemeral_prompt: dict[str, Any] = {}
        self.ephemeral_parents: dict[str, str] = {}
        self.ephemeral_display: dict[str, str] = {}

    def get_node(self, node_id: str) -> Any:
        """Return a node; NodeNotFoundError if there is none of that id."""
        for nodes in (self.ephemeral_prompt, self.original_prompt):
            if node_id in nodes:
                return nodes[node_id]
        raise NodeNotFoundError(f"There is no node #{node_id} in this prompt.")

    def has_node(self, node_id: str) -> bool:
        """Return whether there is a node of that id."""
        return node_id in self.original_prompt or node_id in self.ephemeral_prompt

    def add_ephemeral_node(self, node_id: str, node_info: Any, parent_id: str, display_id: str) -> None:
        """Add a node that came by expansion."""
        self.ephemeral_prompt[node_id] = node_info
        self.ephemeral_parents[node_id] = parent_id
        self.ephemeral_display[node_id] = display_id

    def get_real_node_id(self, node_id: str) -> str:
        """Return the node of the prompt from which one came."""
        return _end(self.ephemeral_parents, node_id)

    def get_parent_node_id(self, node_id: str) -> str | None:
        """Return the node that expanded into one; None for one of the prompt."""
        return self.ephemeral_parents.get(node_id)

    def get_display_node_id(self, node_id: str) -> str:
        """Return the node at which one is shown."""
        return _end(self.ephemeral_display, node_id)

    def all_node_ids(self) -> set[str]:
        """Return the ids of all nodes."""
        return {*self.original_prompt, *self.ephemeral_prompt}

    def get_original_prompt(self) -> Mapping[str, Any]:
        """Return the prompt as it was sent."""
        return self.original_prompt


def _end(ways: Mapping[str, str], node_id: str) -> str:
    while node_id in ways:
        node_id = ways[node_id]
    return node_id


def get_input_info(
    class_def: Any, input_name: str, valid_inputs: Mapping[str, Any] | None = None
) -> tuple[Any, str | None, Any]:
    """Return type, group and options of an input of a node class; three times None if it has no such input."""
    inputs = valid_inputs or class_def.INPUT_TYPES()
    for group in ("required", "optional", "hidden"):
        if input_name in inputs.get(group, {}):
            info = inputs[group][input_name]
            return info[0], group, info[1] if len(info) > 1 else {}
    return None, None, None
