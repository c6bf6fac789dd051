"""NodeReplace: that a node type takes the place of an older one, and how inputs and outputs go over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

InputMap = dict[str, Any]  # new_id with old_id, or with set_value
OutputMap = dict[str, int]  # new_idx with old_idx


@dataclass(eq=False)
class NodeReplace:
    """A node type in place of another; the old widgets in the order in which documents hold their values."""

    new_node_id: str
    old_node_id: str
    old_widget_ids: list[str] | None = None
    input_mapping: Sequence[InputMap] | None = None
    output_mapping: Sequence[OutputMap] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what editors are told."""
        mappings = {"input_mapping": self.input_mapping, "output_mapping": self.output_mapping}
        return vars(self) | {name: list(mapping) if mapping else None for name, mapping in mappings.items()}
