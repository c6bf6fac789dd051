"""What a node's docstring says: a description, and a tooltip for each name that has a `name: text` line.

read_docstring("Denoise a latent.\\n\\n    steps: more is finer.", {"steps"})
# Doc("Denoise a latent.", {"steps": "more is finer."})
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

_ENTRY = re.compile(r"\*{0,2}([A-Za-z_]\w*):\s+(.*)")


@dataclass(frozen=True)
class Doc:
    """A description and tooltips by name."""

    description: str
    tooltips: Mapping[str, str]


def read_docstring(docstring: str | None, names: Collection[str]) -> Doc:
    """Return the first line and the `name: text` lines; indented lines after one continue it."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    tooltips: dict[str, str] = {}
    current: str | None = None
    for line in lines[1:]:
        entry = _ENTRY.fullmatch(line.rstrip())
        if entry and entry[1] in names:
            current = entry[1]
            tooltips[current] = entry[2]
        elif current and line.startswith(" "):
            tooltips[current] += " " + line.strip()
        else:
            current = None
    return Doc(lines[0] if lines else "", tooltips)
