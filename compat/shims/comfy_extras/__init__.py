"""ComfyUI's package `comfy_extras`: its modules have the classes of those of their nodes that Weft has."""

from __future__ import annotations

from typing import Any

from compat.class_table import TABLE
from compat.node_names import NodeNames
from compat.shims.finder import node_names


def made_module(name: str) -> dict[str, Any] | None:
    """Return what the module of that name holds; None if there is none. compat.shims.finder.MADE asks."""
    module = f"comfy_extras.{name}"
    if module not in TABLE:
        return None
    names = node_names(NodeNames)
    classes = names.of_module(module)
    return {
        **classes,
        "NODE_CLASS_MAPPINGS": {key: cls for key, cls in names.classes.items() if cls in classes.values()},
    }
