"""What a class's function is given of the run by its hidden inputs: the prompt, the id of its node, the graph.

hidden_values({"unique_id": "UNIQUE_ID"}, run)  # {"unique_id": "7"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph.run import Run
from graph.workflow import Link, Node

# Before the run, when a class is asked what is wrong or whether something changed, there is no prompt yet.
BEFORE_RUN: Mapping[str, Any] = {"PROMPT": {}}


class DynamicPrompt:
    """The graph as it is now, with the nodes that came by expansion. The methods are those that packs call."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def original_prompt(self) -> Mapping[str, Any]:
        """The prompt as it was sent."""
        return self._run.prompt

    def get_original_prompt(self) -> Mapping[str, Any]:
        """Return the prompt as it was sent."""
        return self._run.prompt

    def has_node(self, node_id: str) -> bool:
        """Return whether there is a node of that id now."""
        return node_id in self._run.nodes

    def get_node(self, node_id: str) -> Mapping[str, Any]:
        """Return a node as prompts have it; KeyError if there is none."""
        if node_id not in self._run.nodes:
            raise KeyError(f"There is no node {node_id} in this graph.")
        if node_id not in self._run.origins and node_id in self._run.prompt:
            found: Mapping[str, Any] = self._run.prompt[node_id]
            return found
        return _document(self._run.nodes[node_id])

    def all_node_ids(self) -> set[str]:
        """Return the ids of all nodes."""
        return set(self._run.nodes)

    def get_parent_node_id(self, node_id: str) -> str | None:
        """Return the node that expanded into a node; None for one of the prompt."""
        origin = self._run.origins.get(node_id)
        return None if origin is None else origin.parent

    def get_real_node_id(self, node_id: str) -> str:
        """Return the node of the prompt that a node comes from."""
        while (parent := self.get_parent_node_id(node_id)) is not None:
            node_id = parent
        return node_id

    def get_display_node_id(self, node_id: str) -> str:
        """Return the node of the prompt at which editors show a node."""
        origin = self._run.origins.get(node_id)
        return node_id if origin is None else origin.display


def hidden_values(hidden: Mapping[str, str], run: Run) -> dict[str, Any]:
    """Return the hidden inputs of a call. There are no accounts here, so their tokens are None."""
    given: dict[str, Callable[[], Any]] = {
        "PROMPT": lambda: run.prompt,
        "DYNPROMPT": lambda: DynamicPrompt(run),
        "EXTRA_PNGINFO": lambda: run.extra.get("extra_pnginfo"),
        "UNIQUE_ID": lambda: run.node_id,
    }
    return {name: given[word]() if word in given else None for name, word in hidden.items()}


def hidden_before_run(hidden: Mapping[str, str], node_id: str) -> dict[str, Any]:
    """Return the hidden inputs of a question about a node."""
    return {name: node_id if word == "UNIQUE_ID" else BEFORE_RUN.get(word) for name, word in hidden.items()}


def _document(node: Node) -> Mapping[str, Any]:
    inputs = {name: [*value] if isinstance(value, Link) else value for name, value in node.inputs.items()}
    return {"class_type": node.type, "inputs": inputs}
