"""ComfyUI's `comfy_execution.graph_utils`: graphs that a node returns to have them run in its place.

graph = GraphBuilder()
image = graph.node("LoadImage", image="a.png")
return {"result": (image.out(0),), "expand": graph.finalize()}
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from compat.current import now_running


def is_link(obj: Any) -> bool:
    """Return whether a value is a link: a list of a node's id and the number of an output."""
    return isinstance(obj, list) and len(obj) == 2 and isinstance(obj[0], str) and isinstance(obj[1], int | float)


class ExecutionBlocker:
    """A value that stops what reads it; the message is told, unless it is None."""

    def __init__(self, message: str | None) -> None:
        self.message = message


class Node:
    """A node of a graph that is being built."""

    def __init__(self, id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = id
        self.class_type = class_type
        self.inputs = inputs
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """Return a link to an output."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Give an input a value or a link; None takes it away."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        """Return what an input was given."""
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Show the node at another one."""
        self.override_display_id = override_display_id

    def serialize(self) -> dict[str, Any]:
        """Return the node as API documents have it."""
        shown = {} if self.override_display_id is None else {"override_display_id": self.override_display_id}
        return {"class_type": self.class_type, "inputs": self.inputs, **shown}


class GraphBuilder:
    """Builds a graph; ids begin with a prefix that no other builder has, unless one is given."""

    _default_prefix_root = ""
    _default_prefix_call_index = 0
    _numbers = itertools.count()

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = self.alloc_prefix() if prefix is None else prefix
        self.nodes: dict[str, Node] = {}
        self.id_gen = 1

    @classmethod
    def set_default_prefix(cls, prefix_root: str, call_index: int, graph_index: int = 0) -> None:
        """Set how prefixes begin outside of nodes; in one they begin with its id."""
        cls._default_prefix_root, cls._default_prefix_call_index = prefix_root, call_index
        cls._numbers = itertools.count(graph_index)

    @classmethod
    def alloc_prefix(
        cls, root: str | None = None, call_index: int | None = None, graph_index: int | None = None
    ) -> str:
        """Return a prefix of its own for each graph of a call; the same in each run, as in ComfyUI."""
        here = now_running()
        numbers = cls._numbers if here is None else here.graphs
        if root is None:
            root = cls._default_prefix_root if here is None else here.run.node_id
        if call_index is None:
            call_index = cls._default_prefix_call_index if here is None else here.list_index
        return f"{root}.{call_index}.{next(numbers) if graph_index is None else graph_index}."

    def node(self, class_type: str, id: str | None = None, **kwargs: Any) -> Node:
        """Add a node, or return the one that has the id already."""
        if id is None:
            id, self.id_gen = str(self.id_gen), self.id_gen + 1
        return self.nodes.setdefault(self.prefix + id, Node(self.prefix + id, class_type, kwargs))

    def lookup_node(self, id: str) -> Node | None:
        """Return the node of an id; None if there is none."""
        return self.nodes.get(self.prefix + id)

    def finalize(self) -> dict[str, Any]:
        """Return the graph as an API document."""
        return {node_id: node.serialize() for node_id, node in self.nodes.items()}

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """Give whatever reads an output something else; None takes the inputs away."""
        old = [self.prefix + node_id, index]
        for node in self.nodes.values():
            for key in [key for key, value in node.inputs.items() if is_link(value) and value == old]:
                node.set_input(key, new_value)

    def remove_node(self, id: str) -> None:
        """Take a node out."""
        del self.nodes[self.prefix + id]


def add_graph_prefix(
    graph: Mapping[str, Any], outputs: Iterable[Any], prefix: str
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Return a graph whose ids and links begin with a prefix, and its outputs likewise."""

    def moved(value: Any) -> Any:
        return [prefix + value[0], value[1]] if is_link(value) else value

    nodes = {
        prefix + node_id: {
            "class_type": node["class_type"],
            "inputs": {name: moved(value) for name, value in node.get("inputs", {}).items()},
        }
        for node_id, node in graph.items()
    }
    return nodes, tuple(map(moved, outputs))
