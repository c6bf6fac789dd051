"""Run: what a node may ask of the engine while it works. A node that wants it has a parameter `run: Run`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from graph.events import Origin
from graph.results import Values
from graph.workflow import Link, Node, Workflow

T = TypeVar("T")


class Run(Protocol):
    """The engine, as seen by one node in one run."""

    @property
    def node_id(self) -> str:
        """Id of the node that runs."""
        ...

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The workflow that runs, in API form (for metadata)."""
        ...

    @property
    def extra(self) -> Mapping[str, Any]:
        """What the client sent along (`extra_pnginfo` with the editor's document, for example)."""
        ...

    @property
    def state(self) -> dict[str, Any]:
        """What the node keeps between runs, while the workflow has it with the same type; for nodes with pure=False."""
        ...

    @property
    def row(self) -> int:
        """Number of the call, for a node that runs once for each item of a list."""
        ...

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where nodes come from that came by expansion, by id."""
        ...

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the run by id: the workflow's, and those that came by expansion."""
        ...

    @property
    def links(self) -> Mapping[str, Link]:
        """Where the node's inputs come from, by name; literals are left out."""
        ...

    def resource(self, kind: type[T]) -> T:
        """Return a thing that the host lends to nodes (nodes.host.Host, for example); KeyError if it has none."""
        ...

    def progress(self, value: int, total: int, text: str = "") -> None:
        """Tell how far the work is; raises Cancelled if the run is to end."""
        ...

    def preview(self, image: Any) -> None:
        """Show a picture of the work in progress: a PIL image, or a function that makes one if somebody looks."""
        ...

    def check_cancelled(self) -> None:
        """Raise Cancelled if the run is to end."""
        ...

    def show(self, kind: str, items: list[Any]) -> None:
        """Add to what the node shows: `run.show("images", [{"filename": …, "subfolder": …, "type": "output"}])`."""
        ...

    def track(self, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        """Yield the items, telling progress and checking for cancel."""
        ...

    async def call(self, node: Callable[..., Any], **inputs: Any) -> Any:
        """Run another node with these values, through the engine (cache, events, cancel)."""
        ...

    async def expand(
        self, graph: Workflow, outputs: tuple[Any, ...], shown_as: Mapping[str, str] | None = None
    ) -> tuple[Any, ...]:
        """Run a graph now and return the values of its outputs; graph.dynamic.Expand says what it may hold."""
        ...

    async def expand_wires(
        self, graph: Workflow, outputs: tuple[Any, ...], shown_as: Mapping[str, str] | None = None
    ) -> tuple[Values, ...]:
        """Do the same and return the outputs as wires carry them: given to another graph or returned, lists stay lists."""
        ...
