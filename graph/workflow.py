"""A workflow as a value: nodes by id, each with literals and links as inputs.

workflow = Workflow.of(Node("1", "EmptyLatent", {"width": 64}), Node("2", "VAEDecode", {"samples": Link("1", 0)}))
workflow.nodes["2"].inputs["samples"]  # Link("1", 0)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Literal = Any  # a JSON value: None, bool, int, float, str, list or dict


class Link(NamedTuple):
    """Output number `output` of the node `node_id`."""

    node_id: str
    output: int


Input = Link | Literal


@dataclass(frozen=True)
class Node:
    """One operator of a workflow: its type's name and its inputs by name."""

    id: str
    type: str
    inputs: Mapping[str, Input] = field(default_factory=dict)
    title: str | None = None

    def links(self) -> Iterator[tuple[str, Link]]:
        """Yield the inputs that are links, with their names."""
        for name, value in self.inputs.items():
            if isinstance(value, Link):
                yield name, value

    @property
    def label(self) -> str:
        """The node as people know it: `KSampler #7`, or `"My sampler" (KSampler) #7`."""
        if self.title and self.title != self.type:
            return f'"{self.title}" ({self.type}) #{self.id}'
        return f"{self.type} #{self.id}"


@dataclass(frozen=True)
class Workflow:
    """Nodes by id, in the order in which they were written."""

    nodes: Mapping[str, Node]

    @staticmethod
    def of(*nodes: Node) -> Workflow:
        """Build a workflow from nodes."""
        return Workflow({node.id: node for node in nodes})

    def with_input(self, node_id: str, name: str, value: Input) -> Workflow:
        """Return the same workflow with one input of one node replaced."""
        node = self.nodes[node_id]
        changed = replace(node, inputs={**node.inputs, name: value})
        return Workflow({**self.nodes, node_id: changed})
