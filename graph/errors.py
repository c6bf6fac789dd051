"""The errors of the engine: each is a sentence for people and carries its data for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.events import Origin


class GraphError(Exception):
    """Anything that the engine refuses. `str(error)` is a sentence that says what to do."""


class SpecError(GraphError):
    """A node function breaks the rules of annotations; the sentence names module, function and parameter."""


class FormatError(GraphError):
    """A document is not a workflow; the sentence names the place in the document."""


@dataclass(frozen=True)
class Problem:
    """One reason why a workflow cannot run.

    `kind` is the word that ComfyUI's API uses for it (`value_not_in_list`, `return_type_mismatch` …).
    """

    kind: str
    message: str
    node_id: str | None = None
    input: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message


class NodeError(GraphError):
    """A node failed while it ran. The cause is kept as `__cause__`. `inputs`: what it was given, short, by name."""

    def __init__(
        self,
        message: str,
        *,
        node_id: str,
        node_type: str,
        origin: Origin | None = None,
        inputs: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.inputs = inputs or {}
        self.origin = origin  # of a node that came by expansion
        self.node_id = node_id
        self.node_type = node_type


class BudgetError(GraphError):
    """Something does not fit into the memory that it may use; both sides are given in bytes."""

    def __init__(self, message: str, *, wanted_bytes: int, budget_bytes: int) -> None:
        super().__init__(message)
        self.wanted_bytes = wanted_bytes
        self.budget_bytes = budget_bytes


class Cancelled(GraphError):
    """The run was cancelled on request; nothing is wrong."""
