"""Widgets: one object converts, checks and describes a literal value.

    Range(1, 10_000).check(0)  # "0 is not in 1..10000"
"""

from __future__ import annotations

from typing import Any, Protocol


class Widget(Protocol):
    """What every widget can do. A widget is a frozen dataclass."""

    def convert(self, value: Any) -> Any:
        """Return the value as the node wants it ("20" -> 20); raise ValueError with a short sentence if impossible."""
        ...

    def check(self, value: Any) -> str | None:
        """Return what is wrong with a converted value, or None."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return the options as ComfyUI's object_info spells them (`min`, `max`, `step`, `multiline` …)."""
        ...
