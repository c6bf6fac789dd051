"""NodeRun: the `Run` that the engine hands to one node in one run.

run = NodeRun("7", host)  # host: what stands behind all nodes of the run
run.progress(3, 20)       # an event, and Cancelled if the user does not want to wait
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from graph.dynamic import Block, Expand
from graph.errors import Cancelled
from graph.events import Emit, Origin, Preview, Progress
from graph.results import Values
from graph.workflow import Link, Node, Workflow

T = TypeVar("T")


class RunHost(Protocol):
    """What stands behind every node of a run."""

    @property
    def emit(self) -> Emit:
        """Where events go."""
        ...

    @property
    def cancelled(self) -> Callable[[], bool]:
        """Whether the run is to end."""
        ...

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The workflow in API form."""
        ...

    @property
    def extra(self) -> Mapping[str, Any]:
        """What the client sent along."""
        ...

    @property
    def resources(self) -> Mapping[type[Any], Any]:
        """What the host lends, by class."""
        ...

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the run by id."""
        ...

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where nodes come from that came by expansion."""
        ...

    def state_of(self, run: NodeRun) -> dict[str, Any]:
        """Return what a node keeps between runs."""
        ...

    async def expand(self, run: NodeRun, expand: Expand) -> tuple[Values, ...]:
        """Run a graph for a node; what it shows, the node shows."""
        ...

    async def call(self, caller: NodeRun, node: Callable[..., Any], inputs: Mapping[str, Any]) -> Any:
        """Run another node for `caller`."""
        ...


@dataclass(slots=True)
class NodeRun:
    """The engine, as seen by one node in one run. Implements graph.run.Run."""

    node_id: str
    host: RunHost
    node_type: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)  # links and literals
    origin: Origin | None = None
    shown: dict[str, list[Any]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)  # that promises gave
    row: int = 0  # of the call that begins

    def begin_anew(self) -> None:
        """Forget what was shown: the node's calls begin again."""
        self.shown = {}
        self.blocks = []

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The workflow that runs, in API form."""
        return self.host.prompt

    @property
    def extra(self) -> Mapping[str, Any]:
        """What the client sent along."""
        return self.host.extra

    @property
    def state(self) -> dict[str, Any]:
        """What the node keeps between runs."""
        return self.host.state_of(self)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the run by id."""
        return self.host.nodes

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where nodes come from that came by expansion, by id."""
        return self.host.origins

    @property
    def links(self) -> Mapping[str, Link]:
        """Where the node's inputs come from, by name."""
        return {name: value for name, value in self.inputs.items() if isinstance(value, Link)}

    def resource(self, kind: type[T]) -> T:
        """Return a thing that the host lends; KeyError if it has none."""
        if kind not in self.host.resources:
            raise KeyError(f"the host of this run has no {kind.__qualname__}; give it to the engine as a resource")
        found: T = self.host.resources[kind]
        return found

    def progress(self, value: int, total: int, text: str = "") -> None:
        """Tell how far the work is; raises Cancelled if the run is to end."""
        self.host.emit(Progress(self.node_id, value, total, text, self.origin))
        self.check_cancelled()

    def preview(self, image: Any) -> None:
        """Show a picture of the work in progress."""
        self.host.emit(Preview(self.node_id, image, self.origin))

    def check_cancelled(self) -> None:
        """Raise Cancelled if the run is to end."""
        if self.host.cancelled():
            raise Cancelled("The run was cancelled.")

    def show(self, kind: str, items: list[Any]) -> None:
        """Add to what the node shows."""
        self.shown.setdefault(kind, []).extend(items)

    def track(self, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Yield the items, telling progress and checking for cancel; without a total, only the latter."""
        if total is None and isinstance(items, Sized):
            total = len(items)
        self.check_cancelled()
        for done, item in enumerate(items, start=1):
            yield item
            if total is None:
                self.check_cancelled()
            else:
                self.progress(done, total)

    async def call(self, node: Callable[..., Any], **inputs: Any) -> Any:
        """Run another node with these values, through the engine; what it shows, this node shows."""
        return await self.host.call(self, node, inputs)

    async def expand(
        self, graph: Workflow, outputs: tuple[Any, ...], shown_as: Mapping[str, str] | None = None
    ) -> tuple[Any, ...]:
        """Run a graph and return the values of its outputs, lists as lists."""
        return tuple([values.value for values in await self.expand_wires(graph, outputs, shown_as)])

    async def expand_wires(
        self, graph: Workflow, outputs: tuple[Any, ...], shown_as: Mapping[str, str] | None = None
    ) -> tuple[Values, ...]:
        """Run a graph and return its outputs as wires carry them."""
        return await self.host.expand(self, Expand(graph, outputs, shown_as or {}))
