"""ComfyUI's `comfy_execution.validation`."""

from __future__ import annotations

from typing import Any

ANYTHING = ("*", "COMFY_MATCHTYPE_V3")


def validate_node_input(received_type: Any, input_type: Any, strict: bool = False) -> bool:
    """Return whether an output of one type, "A,B", may be linked to an input of another; strict: whatever of it arrives."""
    if not received_type != input_type:  # noqa: SIM202  # packs have strings with an unusual `__ne__`
        return True
    if received_type in ANYTHING or input_type in ANYTHING:
        return True
    if not isinstance(received_type, str) or not isinstance(input_type, str):
        return isinstance(received_type, list) and bool(input_type == "COMBO")
    received, wanted = ({name.strip() for name in types.split(",")} for types in (received_type, input_type))
    if "*" in received | wanted:
        return True
    return received <= wanted if strict else bool(received & wanted)
