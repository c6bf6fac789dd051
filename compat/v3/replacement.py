"""NodeReplace: that a node type takes the place of an older one, and how inputs and outputs go over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

InputMap = dict[str, Any]  # new_id with old_id, or with set_value
OutputMap = dict[str, int]  # new_idx with old_idx


class NodeReplace:
    """A node type in place of another."""

    def __init__(
        self,
        new_node_id: str,
        old_node_id: str,
        old_widget_ids: list[str] | None = None,
        input_mapping: Sequence[InputMap] | None = None,
        output_mapping: Sequence[OutputMap] | None = None,
    ) -> None:
        """Take both names, the old widgets in the order in which documents hold their values, and the mappings."""
        self.new_node_id = new_node_id
        self.old_node_id = old_node_id
        self.old_widget_ids = old_widget_ids
        self.input_mapping = input_mapping
        self.output_mapping = output_mapping

    def as_dict(self) -> dict[str, Any]:
        """Return what editors are told."""
        return {
            "new_node_id": self.new_node_id,
            "old_node_id": self.old_node_id,
            "old_widget_ids": self.old_widget_ids,
            "input_mapping": list(self.input_mapping) if self.input_mapping else None,
            "output_mapping": list(self.output_mapping) if self.output_mapping else None,
        }
