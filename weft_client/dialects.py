"""Dialects: how a server is spoken to about jobs. Weft's has /api/v1; ComfyUI's has /prompt and /history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from weft_client.results import JobEvent, Result


@dataclass(frozen=True)
class Order:
    """What is to be done. job_id: chosen by the client, so that a lost answer does not make two jobs."""

    job_id: str
    workflow: Mapping[str, Any]
    outputs: Sequence[str] | None = None
    priority: int = 0
    labels: Sequence[str] = ()
    extra_data: Mapping[str, Any] = field(default_factory=dict)


class Dialect(Protocol):
    """A way to speak to a server."""

    def submit(self, order: Order) -> None:
        """Queue a job, once."""
        ...

    def result(self, job_id: str) -> Result | str:
        """Return what became of a job, or its state if it is not over."""
        ...

    def follow(self, job_id: str) -> Iterator[JobEvent]:
        """Yield what happens in a job until it is over."""
        ...

    def cancel(self, job_id: str) -> None:
        """End a job that waits or runs."""
        ...
