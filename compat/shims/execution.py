"""ComfyUI's `execution`: names that packs import to look at; the engine of Weft does the work."""

from __future__ import annotations

from enum import Enum

from comfy_execution.graph_utils import ExecutionBlocker, GraphBuilder, is_link
from comfy_execution.validation import validate_node_input

__all__ = [
    "CacheType",
    "ExecutionBlocker",
    "ExecutionResult",
    "GraphBuilder",
    "full_type_name",
    "is_link",
    "validate_node_input",
]


class ExecutionResult(Enum):
    """What became of a node."""

    SUCCESS = 0
    FAILURE = 1
    PENDING = 2


class CacheType(Enum):
    """How results are kept."""

    CLASSIC = 0
    LRU = 1
    NONE = 2
    RAM_PRESSURE = 3


def full_type_name(klass: type) -> str:
    """Return a class's name with its module."""
    return klass.__qualname__ if klass.__module__ == "builtins" else f"{klass.__module__}.{klass.__qualname__}"
