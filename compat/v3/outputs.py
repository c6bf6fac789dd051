"""What V3 nodes return: NodeOutput."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class UIOutput(ABC):
    """What a node shows: an object that becomes a dictionary of lists."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Return what is shown, by kind."""


class NodeOutput:
    """The values of a node's outputs, and beside them what it shows, a graph in its place, or why it blocks."""

    def __init__(
        self,
        *args: Any,
        ui: UIOutput | dict[str, Any] | None = None,
        expand: dict[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        """Take the values in the order of the outputs."""
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> Any:
        """The values; None if there are none."""
        return self.args or None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NodeOutput:
        """Return the output that a dictionary with `result`, `ui` and `expand` means."""
        values = data.get("result", ())
        beside = {"ui": data.get("ui"), "expand": data.get("expand")}
        if hasattr(values, "message"):  # an ExecutionBlocker in place of all values
            return cls(block_execution=values.message)
        return cls(*values, **beside)

    def __getitem__(self, place: int) -> Any:
        return self.args[place]
