"""What packs ask of a node class to tell V3 nodes from others."""

from typing import Any

from compat.v3.inputs import set_only as prune_dict
from compat.v3.node import ClassValue as classproperty  # noqa: N813  # its public name
from compat.v3.node import ComfyNode as _ComfyNodeInternal
from compat.v3.node import own_method as first_real_override
from compat.v3.outputs import NodeOutput as _NodeOutputInternal

__all__ = [
    "_ComfyNodeInternal",
    "_NodeOutputInternal",
    "classproperty",
    "first_real_override",
    "is_class",
    "prune_dict",
]


def is_class(value: Any) -> bool:
    """Return whether a value is a class and not an object of one."""
    return isinstance(value, type)
