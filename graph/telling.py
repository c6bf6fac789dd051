"""Telling: the events of one run, and the lists of what became of its nodes.

telling = Telling(emit, scene)
telling.started("7")
with telling.naming(bound):  # whatever is raised in here becomes a NodeError that names the node
    visit.call()
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from graph.binding import Bound
from graph.errors import Cancelled, NodeError
from graph.events import Emit, NodeBlocked, NodeCached, NodeFailed, NodeFinished, NodeStarted
from graph.results import Result
from graph.scene import Scene
from graph.visit import Visit, sentence_of


class Telling:
    """What is told, and to whom."""

    def __init__(self, emit: Emit, scene: Scene) -> None:
        self.emit = emit
        self.ui: dict[str, Mapping[str, Any]] = {}
        self.ran: list[str] = []
        self.cached: list[str] = []
        self.blocked: list[str] = []
        self._scene = scene

    def start(self, node_id: str) -> None:
        """Tell that a node begins."""
        self.emit(NodeStarted(node_id, self._scene.origins.get(node_id)))

    def reuse(self, node_id: str, result: Result | None) -> None:
        """Tell that a node's result was found, and what it shows, if the result is at hand."""
        origin = self._scene.origins.get(node_id)
        self.cached.append(node_id)
        self.emit(NodeCached(node_id, origin))
        if result is not None and result.ui:
            self.ui[node_id] = result.ui
            self.emit(NodeFinished(node_id, 0.0, result.ui, origin))

    def block(self, visit: Visit) -> None:
        """Tell that calls of a node were not made."""
        blocks, origin = visit.blocks, self._scene.origins.get(visit.run.node_id)
        message = next((block.message for block in blocks if block.message), "")
        self.emit(NodeBlocked(visit.run.node_id, message, len(blocks), visit.total, origin))

    def finish(self, node_id: str, result: Result, seconds: float) -> None:
        """Tell that a node ran."""
        self.ran.append(node_id)
        if result.ui:
            self.ui[node_id] = result.ui
        self.emit(NodeFinished(node_id, seconds, result.ui, self._scene.origins.get(node_id)))

    def failure(self, bound: Bound, error: Exception, visit: Visit | None = None) -> NodeError:
        """Tell what went wrong; return the error that names the node and, if it came by expansion, the workflow's node."""
        node, origin = bound.node, self._scene.origins.get(bound.node.id)
        inside = "" if origin is None else f", inside {self._scene.bound[self._scene.root(node.id)].node.label},"
        message = f"{node.label}{inside} failed: {sentence_of(error)}"
        self.emit(NodeFailed(node.id, message, origin))
        given = {} if visit is None else visit.given()
        return NodeError(message, node_id=node.id, node_type=bound.spec.name, origin=origin, inputs=given)

    def naming(self, bound: Bound, visit: Visit | None = None) -> Naming:
        """Return a context in which errors get the name of a node, and what it was given."""
        return Naming(self, bound, visit)

    def sort(self) -> None:
        """Bring what became of the nodes into the workflow's order, whatever ended first."""
        for told in (self.ran, self.cached, self.blocked):
            told.sort(key=self._scene.way)
        self.ui = {node_id: self.ui[node_id] for node_id in sorted(self.ui, key=self._scene.way)}


class Naming:
    """Turns whatever goes wrong in a node into a NodeError that names it."""

    __slots__ = ("_bound", "_telling", "_visit")

    def __init__(self, telling: Telling, bound: Bound, visit: Visit | None) -> None:
        self._telling = telling
        self._bound = bound
        self._visit = visit

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, Cancelled | NodeError):
            raise self._telling.failure(self._bound, error, self._visit) from error
