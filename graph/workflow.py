"""A workflow as a value: nodes by id, each with literals and links as inputs.

workflow = Workflow.of(Node("1", "EmptyLatent", {"width": 64}), Node("2", "VAEDecode", {"samples": Link("1", 0)}))
workflow.nodes["2"].inputs["samples"]  # Link("1", 0)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import msgspec

Literal = Any  # a JSON value: None, bool, int, float, str, list or dict
CACHE_PROPERTY = "weft_cache"  # where documents carry a node's mark: among `properties`, or in `_meta`


class Link(NamedTuple):
    """Output number `output` of the node `node_id`."""

    node_id: str
    output: int


class CacheMark(Enum):
    """What a user wants of a node's result: made anew in each run, or kept as long as the workflow runs with it."""

    NEVER = "never"
    PIN = "pin"

    @staticmethod
    def of(value: Any) -> CacheMark | None:
        """Return the mark of a document's value; None for any other value."""
        if value is None:
            return None
        return next((mark for mark in CacheMark if mark.value == value), None)


Input = Link | Literal


class Node(msgspec.Struct, frozen=True, eq=False):
    """One operator of a workflow: its type's name and its inputs by name.

    A Struct, because a frozen dataclass takes six times as long to make. known_links: the inputs that are links, if whoever
    makes the node knows them.
    """

    id: str
    type: str
    inputs: Mapping[str, Input] = {}
    title: str | None = None
    mark: CacheMark | None = None
    known_links: Sequence[tuple[str, Link]] | None = None

    def __eq__(self, other: object) -> bool:
        """Return whether another node says the same."""
        return isinstance(other, Node) and self._said() == other._said()

    __hash__ = None  # type: ignore[assignment]

    def _said(self) -> tuple[Any, ...]:
        return (self.id, self.type, self.inputs, self.title, self.mark)

    def changed(self, **fields: Any) -> Node:
        """Return the node with other fields."""
        return msgspec.structs.replace(self, **{"known_links": None, **fields})

    def links(self) -> Sequence[tuple[str, Link]]:
        """Return the inputs that are links, with their names."""
        if self.known_links is None:
            found = [(name, value) for name, value in self.inputs.items() if type(value) is Link]
            msgspec.structs.force_setattr(self, "known_links", found)
            return found
        return self.known_links

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
        return Workflow({**self.nodes, node_id: node.changed(inputs={**node.inputs, name: value})})
