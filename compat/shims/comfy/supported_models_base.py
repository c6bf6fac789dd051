"""ComfyUI's `comfy.supported_models_base`."""

from __future__ import annotations

from compat.wires.families import BASE

__all__ = ["BASE"]
