"""States: what nodes keep between runs, for each node of the workflow while it has the same type.

counter = Owner("7", "Counter")
states.of(counter, counter)["count"] = 1
states.keep(workflow, registry)  # at the start of a run: forget what belongs to nodes that are gone
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graph.plan import Specs
from graph.workflow import Workflow


class Owner(NamedTuple):
    """A node of the workflow, with the name of its type."""

    node_id: str
    node_type: str


@dataclass
class States:
    """A dict for each node that asked for one. Nodes that come by expansion or call belong to the workflow's node."""

    _states: dict[Owner, dict[Owner, dict[str, Any]]] = field(default_factory=dict)

    def of(self, root: Owner, node: Owner) -> dict[str, Any]:
        """Return the state of a node; `root` is the node of the workflow from which it comes."""
        return self._states.setdefault(root, {}).setdefault(node, {})

    def clear(self) -> None:
        """Forget all states."""
        self._states.clear()

    def keep(self, workflow: Workflow, registry: Specs) -> None:
        """Forget the states of nodes that the workflow lacks, or that have another type now."""
        for root in list(self._states):
            node = workflow.nodes.get(root.node_id)
            spec = registry.find(node.type) if node is not None else None
            if spec is None or spec.name != root.node_type:
                del self._states[root]
