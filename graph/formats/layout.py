"""Places for the nodes of a workflow: columns from left to right in the direction of the links.

    places(workflow, {"3": Size(315, 262), ...})["3"]  # Place(x, y)

Links that form a ring (an invalid workflow) put its nodes into one column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import networkx as nx

from graph.workflow import Workflow

GAP_X, GAP_Y = 80, 60
TITLE_HEIGHT = 30  # a node's title stands above its place


class Size(NamedTuple):
    """Width and height of a node, in the editor's units."""

    width: int
    height: int


class Place(NamedTuple):
    """The upper left corner of a node's body."""

    x: int
    y: int


def places(workflow: Workflow, sizes: Mapping[str, Size]) -> dict[str, Place]:
    """Return a place for every node; none covers another."""
    found: dict[str, Place] = {}
    x = 0
    for column in _columns(workflow):
        ordered = sorted(column, key=lambda node_id: _height_before(workflow, node_id, found))
        y = 0
        for node_id in ordered:
            found[node_id] = Place(x, y)
            y += sizes[node_id].height + TITLE_HEIGHT + GAP_Y
        x += max(sizes[node_id].width for node_id in column) + GAP_X
    return found


def _columns(workflow: Workflow) -> Iterator[list[str]]:
    """Yield the ids of each column in written order: a node stands right of everything that it reads."""
    written = {node_id: number for number, node_id in enumerate(workflow.nodes)}
    rings = nx.condensation(_graph(workflow))
    for generation in nx.topological_generations(rings):
        members = (node_id for ring in generation for node_id in rings.nodes[ring]["members"])
        yield sorted(members, key=written.__getitem__)


def _graph(workflow: Workflow) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(workflow.nodes)
    for node in workflow.nodes.values():
        graph.add_edges_from((link.node_id, node.id) for _, link in node.links() if link.node_id in workflow.nodes)
    return graph


def _height_before(workflow: Workflow, node_id: str, found: Mapping[str, Place]) -> float:
    """Return the mean height of the nodes that a node reads, so that links run level."""
    heights = [found[link.node_id].y for _, link in workflow.nodes[node_id].links() if link.node_id in found]
    return sum(heights) / len(heights) if heights else 0.0
