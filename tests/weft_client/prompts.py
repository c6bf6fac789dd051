"""Prompts in API format for tests of the client."""

from __future__ import annotations

from typing import Any


def picture(prefix: str = "blue") -> dict[str, Any]:
    """Return a prompt that saves a small blue picture."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 24, "height": 16, "batch_size": 1, "color": 255}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": prefix}},
    }


def count(seconds: float) -> dict[str, Any]:
    """Return a prompt that works for some seconds."""
    return {"1": {"class_type": "Count", "inputs": {"seconds": seconds}}}


def failure() -> dict[str, Any]:
    """Return a prompt whose second node fails when it runs."""
    return {
        "1": {"class_type": "ComfyMathExpression", "inputs": {"expression": "1 / 0"}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
