"""Jobs: what was submitted, where it stands, and what became of it. Values only; `serving.queue` decides about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

NOTHING: Mapping[str, Any] = {}


class JobState(Enum):
    """Where a job stands. The words are those of ComfyUI's jobs API."""

    PENDING = "pending"
    RUNNING = "in_progress"
    DONE = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Nothing will happen to the job any more."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True)
class Job:
    """What was submitted. Times are in milliseconds since 1970. `order` counts submissions and never repeats."""

    id: str
    order: int
    number: float  # ComfyUI's: smaller runs earlier among equal priorities; negative for `front`
    created_ms: int
    outputs: tuple[str, ...]  # the nodes that are asked for
    priority: int = 0  # larger runs earlier
    client_id: str | None = None  # who is told of its steps
    labels: tuple[str, ...] = ()
    workflow_id: str | None = None  # of the editor's document
    node_count: int = 0
    attempts: int = 0  # how often a worker began it

    @property
    def rank(self) -> tuple[int, float, int]:
        """What the queue is sorted by."""
        return (-self.priority, self.number, self.order)


@dataclass(frozen=True)
class Outcome:
    """What became of a job, as /history shows it.

    outputs: what nodes show, by node id; meta: their places (node_id, display_node, parent_node, real_node_id);
    messages: [event, data] of what was told of the run as a whole; error: the data of execution_error, if there was one.
    """

    state: JobState
    started_ms: int | None = None
    ended_ms: int | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    error: Mapping[str, Any] | None = None
