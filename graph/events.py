"""What a run tells while it goes on: frozen events, sent through one emitter (a plain function)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Origin(NamedTuple):
    """Where a node comes from that is not in the workflow: the node that expanded into it, and the one to show it at."""

    parent: str
    display: str


@dataclass(frozen=True)
class RunStarted:
    """A plan begins; `steps` are the node ids that are to run, in order; `cached` those whose results are kept."""

    steps: tuple[str, ...]
    cached: tuple[str, ...]


@dataclass(frozen=True)
class FileRead:
    """Before the run begins, a large file is read once to know its content: `value` of its `total` bytes are."""

    name: str
    value: int
    total: int


@dataclass(frozen=True)
class NodeStarted:
    """A node begins."""

    node_id: str
    origin: Origin | None = None


@dataclass(frozen=True)
class NodeCached:
    """A node's result came from the cache."""

    node_id: str
    origin: Origin | None = None


@dataclass(frozen=True)
class NodeBlocked:
    """A node read a Block: `calls` of its `total` calls were not made. `message` is told by the first reader."""

    node_id: str
    message: str = ""
    calls: int = 1
    total: int = 1
    origin: Origin | None = None


@dataclass(frozen=True)
class Progress:
    """A node has done `value` of `total` steps; `text` says what, if not steps."""

    node_id: str
    value: int
    total: int
    text: str = ""
    origin: Origin | None = None


@dataclass(frozen=True)
class Preview:
    """A picture of work in progress: a PIL image, or a function that makes one; the engine does not look at it."""

    node_id: str
    image: Any
    origin: Origin | None = None


@dataclass(frozen=True)
class NodeFinished:
    """A node ended after `seconds`; `ui` is what it shows (saved files, texts)."""

    node_id: str
    seconds: float
    ui: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None


@dataclass(frozen=True)
class NodeFailed:
    """A node raised; `message` is the sentence."""

    node_id: str
    message: str
    origin: Origin | None = None


@dataclass(frozen=True)
class RunFinished:
    """The run ended. `status` is `done`, `failed` or `cancelled`."""

    status: str
    seconds: float


Event = (
    FileRead
    | RunStarted
    | NodeStarted
    | NodeCached
    | NodeBlocked
    | Progress
    | Preview
    | NodeFinished
    | NodeFailed
    | RunFinished
)
Emit = Callable[[Event], None]
