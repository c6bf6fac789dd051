"""ComfyUI's `comfy.ldm.util`."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def get_obj_from_str(string: str, reload: bool = False) -> Any:
    """Return what a path of modules and a name says."""
    module, _, name = string.rpartition(".")
    return getattr(import_module(module), name)


def instantiate_from_config(config: Any) -> Any:
    """Return an object of `target`, made with `params`."""
    return get_obj_from_str(config["target"])(**config.get("params", {}))
