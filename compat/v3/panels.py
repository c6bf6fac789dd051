"""The V3 types whose inputs are a part of the node's body: colours, rectangles, curves, ranges, layers, comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compat.v3.inputs import ComfyTypeI, ComfyTypeIO, WidgetInput
from nodes.curves import CurveInput, RangeInput
from nodes.curves import CurvePoint as _CurvePoint


class _Panel(WidgetInput):
    """An input that is a part of the node's body, without a socket, whose first value `empty` gives."""

    signature = "id display_name optional tooltip socketless default advanced"
    defaults: ClassVar[Mapping[str, Any]] = {"optional": False, "socketless": True}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the parameters."""
        super().__init__(*args, **kwargs)
        if self.default is None:
            self.default = self.empty()

    def empty(self) -> Any:
        """Return the value to begin with."""
        return None


class ImageCompare(ComfyTypeI):
    """Two pictures beside each other."""

    io_type = "IMAGECOMPARE"
    Type = dict

    class Input(WidgetInput):
        """A view that compares."""

        signature = "id display_name optional tooltip socketless advanced"
        defaults: ClassVar[Mapping[str, Any]] = {"optional": False, "socketless": True}


class Color(ComfyTypeIO):
    """A colour, as #rrggbb."""

    io_type = "COLOR"
    Type = str

    class Input(WidgetInput):
        """A field for a colour."""

        signature = "id display_name optional tooltip socketless advanced default"
        defaults: ClassVar[Mapping[str, Any]] = {"optional": False, "socketless": True, "default": "#ffffff"}


class Colors(ComfyTypeIO):
    """Several colours."""

    io_type = "COLORS"
    Type = list[str]

    class Input(_Panel):
        """A row of colours."""

        def empty(self) -> Any:
            """Return no colours."""
            return []


class BoundingBox(ComfyTypeIO):
    """A rectangle: x, y, width and height in pixels."""

    io_type = "BOUNDING_BOX"
    BoundingBoxDict = dict
    Type = dict

    class Input(_Panel):
        """A rectangle to draw."""

        signature = "id display_name optional tooltip socketless default component force_input"
        told = ("component",)

        def empty(self) -> Any:
            """Return a rectangle."""
            return {"x": 0, "y": 0, "width": 512, "height": 512}


class BoundingBoxes(ComfyTypeIO):
    """Several rectangles, each with metadata."""

    io_type = "BOUNDING_BOXES"
    BoundingBoxWithMetadata = dict
    Type = list[dict[str, Any]]

    class Input(_Panel):
        """Rectangles to draw."""

        def empty(self) -> Any:
            """Return no rectangles."""
            return []


class Curve(ComfyTypeIO):
    """A curve from 0..1 to 0..1."""

    io_type = "CURVE"
    CurvePoint = _CurvePoint
    Type = CurveInput

    class Input(_Panel):
        """A curve to bend."""

        def empty(self) -> Any:
            """Return the diagonal."""
            return [(0.0, 0.0), (1.0, 1.0)]

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told; the points as a drawn curve."""
            points = {"points": [list(point) for point in self.default], "interpolation": "monotone_cubic"}
            return super().as_dict() | {"default": points}


class Range(ComfyTypeIO):
    """Two ends, and a middle between them."""

    io_type = "RANGE"
    RangeInput = RangeInput
    Type = RangeInput

    class Input(_Panel):
        """Ends to drag."""

        signature = (
            "id display_name optional tooltip socketless default display gradient_stops show_midpoint midpoint_scale "
            "value_min value_max advanced"
        )
        told = ("display", "gradient_stops", "show_midpoint", "midpoint_scale", "value_min", "value_max")

        def empty(self) -> Any:
            """Return the whole range."""
            return {"min": 0.0, "max": 1.0}


class Compositor(ComfyTypeIO):
    """How layers lie over each other."""

    io_type = "COMPOSITOR"
    LayerState = dict
    Type = dict

    class Input(_Panel):
        """Layers to arrange."""

        def empty(self) -> Any:
            """Return no layers."""
            return {}
