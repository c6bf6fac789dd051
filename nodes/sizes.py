"""Operators that choose sizes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, NamedTuple

from graph.annotations import Options
from graph.spec import node
from graph.widgets import Choice, Range

PROPORTIONS: Mapping[str, tuple[int, int]] = {
    "1:1 (Square)": (1, 1),
    "2:3 (Portrait Photo)": (2, 3),
    "3:2 (Photo)": (3, 2),
    "3:4 (Portrait Standard)": (3, 4),
    "4:3 (Standard)": (4, 3),
    "9:16 (Portrait Widescreen)": (9, 16),
    "16:9 (Widescreen)": (16, 9),
    "21:9 (Ultrawide)": (21, 9),
}
MEGAPIXEL = 1024 * 1024  # as ComfyUI counts


class Resolution(NamedTuple):
    """A size in pixels."""

    width: int
    height: int


@node(category="utilities", display_name="Resolution Selector")
def ResolutionSelector(
    aspect_ratio: Annotated[str, Choice(tuple(PROPORTIONS))] = "1:1 (Square)",
    megapixels: Annotated[float, Range(0.1, 16.0, step=0.1)] = 1.0,
    multiple: Annotated[int, Range(8, 128, step=4), Options(advanced=True)] = 8,
) -> Resolution:
    """Choose a size by its proportions and its number of pixels.

    megapixels: 1 is 1024 x 1024.
    multiple: both sides are multiples of this.
    """
    across, down = PROPORTIONS[aspect_ratio]
    unit = math.sqrt(megapixels * MEGAPIXEL / (across * down))
    return Resolution(round(across * unit / multiple) * multiple, round(down * unit / multiple) * multiple)
