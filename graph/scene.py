"""Scene: what is known of the nodes of one run. It begins as the plan's survey and grows while nodes expand.

scene = Scene(plan.survey, registry)
targets = scene.add(placed, "7")  # the nodes of an expansion that must run
scene.remove(placed)              # they are done, and nothing can link to them any more
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from itertools import count
from typing import cast

from graph.events import Origin
from graph.expansion import Placed, given_bound
from graph.keys import FileDigest
from graph.plan import Specs, Survey, make_survey
from graph.workflow import Link, Node, Workflow


class Scene:
    """Nodes with types, keys and places in the order. Implements graph.plan.Surveyed."""

    def __init__(self, survey: Survey, registry: Specs, file_digest: FileDigest | None = None) -> None:
        self.bound = dict(survey.bound)
        self.keys = dict(survey.keys)
        self.places = dict(survey.places)
        self.origins: dict[str, Origin] = {}
        self._added: dict[str, Node] = {}
        self.nodes: Mapping[str, Node] = ChainMap(self._added, cast("dict[str, Node]", survey.workflow.nodes))
        self._twins = dict(survey.twins)
        self._numbers = count(len(self.places))
        self._registry = registry
        self._file_digest = file_digest

    def first(self, node_id: str) -> str:
        """Return the node that runs in this node's place; mostly itself."""
        return self._twins.get(node_id, node_id)

    def root(self, node_id: str) -> str:
        """Return the node of the workflow from which a node comes."""
        while node_id in self.origins:
            node_id = self.origins[node_id].parent
        return node_id

    def way(self, node_id: str) -> tuple[int, ...]:
        """Return what sorts nodes as the workflow does, those of an expansion behind the node that expanded."""
        found = [self.places.get(node_id, 0)]
        while node_id in self.origins:
            node_id = self.origins[node_id].parent
            found.append(self.places.get(node_id, 0))
        return tuple(reversed(found))

    def add(self, placed: Placed, outer: str) -> tuple[str, ...]:
        """Take the nodes of an expansion in; return those that must run: the outputs, and nodes that always do."""
        for node_id, given in placed.given.items():
            self.bound[node_id] = given_bound(node_id)
            self.keys[node_id] = given.key
            self.places[node_id] = next(self._numbers)
        for node_id in placed.nodes:
            self.origins[node_id] = Origin(outer, self._shown(placed.shown_as.get(node_id, outer)))
        self._added.update(placed.nodes)
        self._added.update({node_id: self.bound[node_id].node for node_id in placed.given})
        targets = [link.node_id for link in placed.outputs if isinstance(link, Link)]
        targets += [node.id for node in placed.nodes.values() if self._is_output(node)]
        workflow = Workflow(self.nodes)
        survey = make_survey(
            workflow, self._registry, targets, self._file_digest, around=self, written=tuple(placed.nodes)
        )
        self.bound.update(survey.bound)
        self.keys.update(survey.keys)
        self._twins.update(survey.twins)
        self.places.update({node_id: next(self._numbers) for node_id in survey.order})
        return survey.targets

    def remove(self, placed: Placed) -> None:
        """Forget the nodes of an expansion, but not where they came from."""
        for node_id in (*placed.nodes, *placed.given):
            self._added.pop(node_id, None)
            self.bound.pop(node_id, None)
            self.keys.pop(node_id, None)
            self._twins.pop(node_id, None)

    def _shown(self, node_id: str) -> str:
        origin = self.origins.get(node_id)
        return origin.display if origin is not None else node_id

    def _is_output(self, node: Node) -> bool:
        spec = self._registry.find(node.type)
        return spec is not None and spec.is_output
