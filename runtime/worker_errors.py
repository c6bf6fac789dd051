"""What is told of a job that did not end well: the data of ComfyUI's execution_error, and Weft's own sentence.

error_document(error)["exception_type"]  # "torch.OutOfMemoryError"

Which nodes had run is known from the events. `kind` says what went wrong: `node` (a node raised), `memory` (too little
of it), `workflow` (it cannot be planned), `internal` (Weft's own fault).
"""

from __future__ import annotations

import traceback
from typing import Any

import torch

from graph.errors import BudgetError, GraphError, NodeError
from graph.visit import sentence_of

SHORT_OF_MEMORY = (torch.OutOfMemoryError, BudgetError, MemoryError)
OUT_OF_MEMORY_ADVICE = "A smaller picture or batch, a larger --memory-budget, or --lowvram or --novram would help."


def kind_of(error: BaseException) -> str:
    """Return what kind of thing went wrong."""
    if any(isinstance(each, SHORT_OF_MEMORY) for each in _chain(error)):
        return "memory"
    if isinstance(error, NodeError) or not isinstance(error, Exception):
        return "node"
    return "workflow" if isinstance(error, GraphError) else "internal"


def error_document(error: BaseException) -> dict[str, Any]:
    """Return what is told of an error.

    The node is named if it is one of the workflow; of one that came by expansion the events know where it is shown.
    """
    cause = error.__cause__ if isinstance(error, NodeError) and error.__cause__ is not None else error
    kind = kind_of(error)
    message = sentence_of(cause) if isinstance(cause, Exception) else str(cause) or type(cause).__name__
    return {
        "kind": kind,
        "message": _sentence(error, kind),
        "exception_message": f"{message}\n\n{OUT_OF_MEMORY_ADVICE}" if kind == "memory" else message,
        "exception_type": _full_name(type(cause)),
        "traceback": traceback.format_tb(cause.__traceback__),
        **(_node(error) if isinstance(error, NodeError) else {}),
    }


def _node(error: NodeError) -> dict[str, Any]:
    inputs = {name: list(items) for name, items in error.inputs.items()}
    place = {"node_id": error.node_id, "node_type": error.node_type} if error.origin is None else {}
    return {**place, "current_inputs": inputs}


def _sentence(error: BaseException, kind: str) -> str:
    if not isinstance(error, Exception):
        return f"A node raised {type(error).__name__}({error}), which is meant to end programs; the worker goes on."
    if kind == "internal":
        return f"Weft failed where it should not: {type(error).__name__}: {error}."
    return str(error)


def _full_name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__
    return found
