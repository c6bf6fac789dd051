"""Worker: what the server asks of whatever computes. A subprocess is one (serving.subprocess_worker)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from graph.protocol import FromWorker, ToWorker


class WorkerState(Enum):
    """Where a worker stands."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"  # it died; a new one comes
    STOPPED = "stopped"


@dataclass(frozen=True)
class Died:
    """The worker is gone, whatever ran in it too. `reason`: a sentence."""

    reason: str


Listener = Callable[[FromWorker | Died], None]
"""Hears all that a worker says, in order, in the server's loop. Ready comes (again) when a worker can take jobs."""


class Worker(Protocol):
    """A process, here or elsewhere, that runs one job at a time. Started again by itself when it dies."""

    @property
    def state(self) -> WorkerState:
        """Where it stands."""
        ...

    def send(self, message: ToWorker) -> None:
        """Send a message; it is lost if the worker is not ready."""
        ...

    async def ask(self, what: str, arguments: dict[str, Any] | None = None, payload: bytes = b"") -> Any:
        """Return the answer to a question; WorkerError with a sentence if there is none."""
        ...

    async def start(self, listener: Listener) -> None:
        """Begin to start the process and return at once."""
        ...

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        ...


class WorkerError(Exception):
    """A worker cannot answer; the sentence says why."""
