"""Operators for adjusting colours: curves that a user draws, histograms, colours as numbers, choices with a number."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from graph.annotations import Options
from graph.run import Run
from graph.spec import node
from graph.types import COLOR, COMBO, SocketType
from graph.widget_document import Foreign, ForeignChoice
from graph.widgets import Color
from nodes.curves import MONOTONE, CurveInput
from nodes.sockets import Curve, Histogram, Image

LEVELS = 256
LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue, by ITU-R BT.709
STRAIGHT: Any = {"points": [[0.0, 0.0], [1.0, 1.0]], "interpolation": MONOTONE}
DrawnCurve = Annotated[Any, Foreign(SocketType("CURVE")), Options(socketless=True)]


class OneCurve(NamedTuple):
    """A curve."""

    curve: Curve


class Histograms(NamedTuple):
    """How many pixels have each of 256 levels; rgb is the mean of the colours."""

    rgb: Histogram
    luminance: Histogram
    red: Histogram
    green: Histogram
    blue: Histogram


class ColorValues(NamedTuple):
    """A colour as 0xrrggbb, as text, and how opaque it is."""

    rgb_int: int
    hex: Annotated[str, COLOR]
    alpha: float


class Chosen(NamedTuple):
    """What was chosen, and at which place."""

    STRING: str
    INDEX: int


@node(category="utilities", display_name="Curve Editor", extra={"has_intermediate_output": True})
def CurveEditor(curve: DrawnCurve = STRAIGHT, histogram: Histogram | None = None, *, run: Run) -> OneCurve:
    """Draw a curve.

    histogram: is shown behind it.
    """
    if histogram is not None:
        run.show("histogram", list(histogram))
    return OneCurve(CurveInput.from_raw(curve))


@node(category="utilities", display_name="Image Histogram")
def ImageHistogram(image: Image) -> Histograms:
    """Count how many pixels of the first image have which level."""
    pixels = image[0].detach().float().cpu().numpy()[..., :3]
    red, green, blue = (_counts(pixels[..., channel]) for channel in range(3))
    luminance = _counts(pixels @ np.array(LUMINANCE, np.float32))
    mean = (red + green + blue) // 3
    return Histograms(*(counts.tolist() for counts in (mean, luminance, red, green, blue)))


def _counts(values: Any) -> Any:
    return np.bincount(np.clip(values * (LEVELS - 1), 0, LEVELS - 1).astype(np.uint8).ravel(), minlength=LEVELS)


@node(category="utilities", display_name="Color Picker")
def ColorToRGBInt(color: Annotated[str, Color(), Options(socketless=True)] = "#ffffff") -> ColorValues:
    """Return a colour as a number, as text, and its opacity.

    color: #rrggbb, or #rrggbbaa with opacity.
    """
    opacity = int(color[7:9], 16) / 255 if len(color) == len("#rrggbbaa") else 1.0
    return ColorValues(int(color[1:7], 16), color[:7], opacity)


@node(category="utilities", display_name="Custom Combo", experimental=True)
def CustomCombo(choice: Annotated[str, ForeignChoice(COMBO)], **more: Annotated[Any, Options(hidden=True)]) -> Chosen:
    """Choose one of the words that the user wrote down; editors send these along, and which place the choice has."""
    words = [str(word) for name, word in more.items() if name.startswith("option") and word]
    place = words.index(choice) if choice in words else 0
    return Chosen(choice, int(more.get("index", place)))
