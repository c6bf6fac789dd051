"""ComfyUI's `comfy.supported_models`: the families that Weft can load."""

from __future__ import annotations

from compat.wires.families import BASE, SD15, SDXL

__all__ = ["BASE", "SD15", "SDXL", "models"]

models: list[type[BASE]] = [SD15, SDXL]
