"""What `--feature-flag KEY[=VALUE]` says; the flags that front ends know are those of ComfyUI 0.33.

features_of(["show_signin_button", "colour=blue"])  # {"show_signin_button": True, "colour": "blue"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.launch_flags import LaunchError

KNOWN_FEATURES: Mapping[str, Mapping[str, Any]] = {
    "show_signin_button": {
        "type": "bool",
        "default": False,
        "description": "Show the button to sign in, in ComfyUI's front end",
    },
    "enable_telemetry": {
        "type": "bool",
        "default": False,
        "description": "Tell ComfyUI's front end that it may collect telemetry",
    },
}
TRUTHS = {"true": True, "false": False}


def features_of(words: Sequence[str]) -> dict[str, Any]:
    """Return the features by name; a known one is true or false, any other keeps its text."""
    return dict(_feature(word) for word in words if word.partition("=")[0].strip())


def _feature(word: str) -> tuple[str, Any]:
    name, equals, text = (part.strip() for part in word.partition("="))
    text = text if equals else "true"
    if name not in KNOWN_FEATURES:
        return name, text
    if text.lower() not in TRUTHS:
        raise LaunchError(f'--feature-flag {name}: "{text}" is neither true nor false.')
    return name, TRUTHS[text.lower()]
