"""A class with INPUT_TYPES as editors are told of it: word for word what ComfyUI's /object_info says (0.33).

document = Description("Blur", Blur, display_name="Blur a picture", module="custom_nodes.blur")
document()["input"]["required"]["image"]  # ("IMAGE",)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compat.legacy_types import read_input
from graph.types import COMBO

logger = logging.getLogger(__name__)

CATEGORY = "sd"  # of a class that names none
# Flags that are told only when they are set, and what else is told only of classes that have it.
MARKS: Mapping[str, str] = {"DEPRECATED": "deprecated", "EXPERIMENTAL": "experimental", "DEV_ONLY": "dev_only"}
TOLD_IF_THERE: Mapping[str, str] = {
    "OUTPUT_TOOLTIPS": "output_tooltips",
    "API_NODE": "api_node",
    "ESSENTIALS_CATEGORY": "essentials_category",
}


@dataclass
class Description:
    """What editors are told of a class. It is asked anew at each call; while it fails, the last answer holds."""

    name: str
    cls: type[Any]
    display_name: str
    module: str
    last: dict[str, Any] = field(default_factory=dict)

    def __call__(self) -> dict[str, Any]:
        """Return the description as of now."""
        return self.told_with(self.inputs())

    def inputs(self) -> Mapping[str, Any]:
        """Return what INPUT_TYPES gives now."""
        try:
            self.last = self.cls.INPUT_TYPES()
        except Exception as error:  # the pack's code, which worked when it was loaded
            if not self.last:
                raise
            logger.warning("%s: INPUT_TYPES failed, so its last answer holds: %s", self.name, error)
        return self.last

    def choices(self, name: str) -> Sequence[Any]:
        """Return what may be chosen now at an input."""
        groups = self.inputs()
        for group in ("required", "optional"):
            if name in (groups.get(group) or ()):
                described = read_input(groups[group][name])
                return tuple(described.choices or ()) if described.type == COMBO else ()
        return ()

    def told_with(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the description with these inputs."""
        cls, types = self.cls, self.cls.RETURN_TYPES
        return {
            "input": inputs,
            "input_order": {group: list(entries.keys()) for group, entries in inputs.items()},
            "is_input_list": getattr(cls, "INPUT_IS_LIST", False),
            "output": types,
            "output_is_list": getattr(cls, "OUTPUT_IS_LIST", [False] * len(types)),
            "output_name": getattr(cls, "RETURN_NAMES", types),
            "name": self.name,
            "display_name": self.display_name,
            "description": getattr(cls, "DESCRIPTION", ""),
            "python_module": self.module,
            "category": getattr(cls, "CATEGORY", CATEGORY),
            "output_node": is_set(cls, "OUTPUT_NODE"),
            "has_intermediate_output": is_set(cls, "HAS_INTERMEDIATE_OUTPUT"),
            "search_aliases": getattr(cls, "SEARCH_ALIASES", []),
            **{told: getattr(cls, name) for name, told in TOLD_IF_THERE.items() if hasattr(cls, name)},
            **{told: True for name, told in MARKS.items() if getattr(cls, name, False)},
        }


def is_set(cls: type[Any], flag: str) -> bool:
    """Return whether a class has a flag that equals True."""
    return bool(getattr(cls, flag, False) == True)  # noqa: E712  # 1 counts, another true value does not
