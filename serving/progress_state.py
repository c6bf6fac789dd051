"""How far the nodes of a job are, as ComfyUI's progress_state shows it, and how often that is told.

state = ProgressState("5f0c")
state.start("7", None)
state.update("7", 3, 20, None)
state.document()  # {"prompt_id": "5f0c", "nodes": {"7": {"value": 3, "max": 20, "state": "running", ...}}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from graph.events import Origin

INTERVAL_MS = 100  # ten pictures of the state a second look smooth
MS_PER_NODE = 1  # an entry is about 200 bytes: states then cost at most 200 KB a second, however many nodes there are


class Place(NamedTuple):
    """Where a node stands: what it came from by expansion, where it is shown, and the workflow's node it is part of."""

    display: str
    parent: str | None
    real: str


class ProgressState:
    """The state of each node that began, or whose result was found."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self._entries: dict[str, Mapping[str, Any]] = {}
        self._origins: dict[str, Origin] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def start(self, node_id: str, origin: Origin | None) -> None:
        """A node begins."""
        self._set(node_id, origin, 0, 1, "running")

    def update(self, node_id: str, value: int, total: int, origin: Origin | None) -> None:
        """A node has done some of its steps."""
        self._set(node_id, origin, value, total, "running")

    def finish(self, node_id: str, origin: Origin | None) -> None:
        """A node is done."""
        total = self._entries[node_id]["max"] if node_id in self._entries else 1
        self._set(node_id, origin, total, total, "finished")

    def fail(self, node_id: str, origin: Origin | None) -> None:
        """A node raised."""
        entry = self._entries.get(node_id, {"value": 0, "max": 1})
        self._set(node_id, origin, entry["value"], entry["max"], "error")

    def place(self, node_id: str) -> Place:
        """Return where a node stands, as far as its events told."""
        origin = self._origins.get(node_id)
        if origin is None:
            return Place(node_id, None, node_id)
        real = node_id
        while real in self._origins:
            real = self._origins[real].parent
        return Place(origin.display, origin.parent, real)

    def know(self, node_id: str, origin: Origin | None) -> None:
        """Remember where a node comes from."""
        if origin is not None:
            self._origins[node_id] = origin

    def document(self) -> dict[str, Any]:
        """Return the data of progress_state. Later changes do not touch it."""
        return {"prompt_id": self.job_id, "nodes": dict(self._entries)}

    def about(self, node_id: str) -> dict[str, Any]:
        """Return what names a node in progress_state and in previews."""
        place = self.place(node_id)
        return {
            "node_id": node_id,
            "prompt_id": self.job_id,
            "display_node_id": place.display,
            "parent_node_id": place.parent,
            "real_node_id": place.real,
        }

    def _set(self, node_id: str, origin: Origin | None, value: int, total: int, state: str) -> None:
        self.know(node_id, origin)
        self._entries[node_id] = {"value": value, "max": total, "state": state, **self.about(node_id)}


class Timer(Protocol):
    """What `later` returns."""

    def cancel(self) -> None:
        """Do not call any more."""
        ...


Later = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after some seconds; `loop.call_later` is one."""


class Throttle:
    """Does something at once, and then at most once an interval; what was asked for meanwhile is done at its end."""

    def __init__(self, do: Callable[[], None], later: Later, interval_ms: Callable[[], int]) -> None:
        self._do = do
        self._later = later
        self._interval_ms = interval_ms
        self._timer: Timer | None = None
        self._is_due = False

    def ask(self) -> None:
        """Have it done, now or soon."""
        self._is_due = True
        if self._timer is None:
            self._act()

    def finish(self) -> None:
        """Do what is due now, and nothing later."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._is_due:
            self._is_due = False
            self._do()

    def _act(self) -> None:
        self._timer = None
        if self._is_due:
            self._is_due = False
            self._do()
            self._timer = self._later(self._interval_ms() / 1000, self._act)


def interval_ms(nodes: int) -> int:
    """Return how long to wait between two states of so many nodes."""
    return max(INTERVAL_MS, nodes * MS_PER_NODE)
