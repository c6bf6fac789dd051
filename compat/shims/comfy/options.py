"""ComfyUI's `comfy.options`: whether the command line was read."""

from __future__ import annotations

args_parsing = True


def enable_args_parsing(enable: bool = True) -> None:
    """Say whether it is to be read; it was."""
    global args_parsing
    args_parsing = enable
