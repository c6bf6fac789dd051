"""Stripped headers: the names, precisions and shapes of well-known files, without their weights.

headers/<family>/ holds files that the family must read, headers/ itself files that belong to no family. One that is
`{"like": "sd1/sd15", "but": {…}, "without": […]}` is another with some tensors in place of its own, and without those whose
names begin with some texts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from diffusion.checkpoints.header import Header, header_of

HEADERS = Path(__file__).parent / "headers"


def header(name: str) -> Header:
    """Return the header of a name such as `sd1/sd15` or `flux`."""
    return header_of(Path(f"{Path(name).name}.safetensors"), _shapes(name))


def _shapes(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((HEADERS / f"{name}.json").read_text(encoding="utf-8"))
    if "like" not in told:
        return told
    shapes, without = _shapes(told["like"]), tuple(told.get("without", ()))
    return {key: shape for key, shape in shapes.items() if not key.startswith(without)} | told.get("but", {})


def headers_of(family: str) -> list[Header]:
    """Return the headers that a family must read."""
    return [header(f"{family}/{path.stem}") for path in sorted((HEADERS / family).glob("*.json"))]
