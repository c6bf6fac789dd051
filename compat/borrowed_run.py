"""BorrowedRun: the run with which a pack calls a built-in operator: that of its own node, or none at all.

What the operator shows is kept apart: a pack returns it, or does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from compat.current import current_run, raise_if_interrupted
from compat.machine import Machine
from graph.errors import GraphError
from graph.events import Origin
from graph.results import Values
from graph.run import Run
from graph.workflow import Link, Node, Workflow

T = TypeVar("T")


class BorrowedRun:
    """Implements graph.run.Run. Outside of nodes, in a route or a thread of a pack, there is no prompt and no progress."""

    def __init__(
        self, machine: Machine, prompt: Mapping[str, Any] | None = None, extra: Mapping[str, Any] | None = None
    ) -> None:
        self.shown: dict[str, list[Any]] = {}
        self._machine = machine
        self._run = current_run()
        self._prompt = prompt
        self._extra = extra

    @property
    def node_id(self) -> str:
        """Id of the pack's node."""
        return "" if self._run is None else self._run.node_id

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The prompt that was given, else the one that runs."""
        return self._prompt if self._prompt is not None else {} if self._run is None else self._run.prompt

    @property
    def extra(self) -> Mapping[str, Any]:
        """What was given, else what the client sent along."""
        return self._extra if self._extra is not None else {} if self._run is None else self._run.extra

    @property
    def state(self) -> dict[str, Any]:
        """Nothing: state belongs to nodes of the workflow."""
        return {}

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the run."""
        return {} if self._run is None else self._run.nodes

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where nodes come from that came by expansion."""
        return {} if self._run is None else self._run.origins

    @property
    def row(self) -> int:
        """Number of the call of the pack's node."""
        return 0 if self._run is None else self._run.row

    @property
    def links(self) -> Mapping[str, Link]:
        """Nothing: the values were given."""
        return {}

    def resource(self, kind: type[T]) -> T:
        """Return what the host lends."""
        return self._machine.resource(kind) if self._run is None else self._run.resource(kind)

    def progress(self, value: int, total: int, text: str = "") -> None:
        """Tell how far the work is."""
        if self._run is not None:
            self._run.progress(value, total, text)
            raise_if_interrupted()

    def preview(self, image: Any) -> None:
        """Show a picture of the work in progress."""
        if self._run is not None:
            self._run.preview(image)

    def check_cancelled(self) -> None:
        """End if the pack's node is to end."""
        raise_if_interrupted()

    def show(self, kind: str, items: list[Any]) -> None:
        """Keep what the operator shows."""
        self.shown.setdefault(kind, []).extend(items)

    def track(self, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Yield the items, telling progress."""
        yield from items if self._run is None else self._run.track(items, total)

    async def call(self, node: Callable[..., Any], **inputs: Any) -> Any:
        """Run another node through the engine."""
        return await self._needed().call(node, **inputs)

    async def expand(
        self, graph: Workflow, outputs: tuple[Any, ...], shown_as: Mapping[str, str] | None = None
    ) -> tuple[Any, ...]:
        """Run a graph."""
        return await self._needed().expand(graph, outputs, shown_as)

    async def expand_wires(
        self, graph: Workflow, outputs: tuple[Any, ...], shown_as: Mapping[str, str] | None = None
    ) -> tuple[Values, ...]:
        """Run a graph."""
        return await self._needed().expand_wires(graph, outputs, shown_as)

    def _needed(self) -> Run:
        if self._run is None:
            raise GraphError("This operator runs other nodes, so it can only be called from within a node.")
        return self._run
