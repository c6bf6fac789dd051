"""Stripped headers: the names, precisions and shapes of well-known files, without their weights.

headers/<family>/ holds files that the family must read, headers/ itself files that belong to no family.
"""

from __future__ import annotations

import json
from pathlib import Path

from diffusion.checkpoints.header import Header, header_of

HEADERS = Path(__file__).parent / "headers"


def header(name: str) -> Header:
    """Return the header of a name such as `sd1/sd15` or `flux`."""
    shapes = json.loads((HEADERS / f"{name}.json").read_text(encoding="utf-8"))
    return header_of(Path(f"{Path(name).name}.safetensors"), shapes)


def headers_of(family: str) -> list[Header]:
    """Return the headers that a family must read."""
    return [header(f"{family}/{path.stem}") for path in sorted((HEADERS / family).glob("*.json"))]
