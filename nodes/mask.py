"""Operators on masks. White is what may change."""

from __future__ import annotations

from typing import Annotated

from diffusion import masks
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import MAX_RESOLUTION, Image, Mask

Level = Annotated[float, Range(0.0, 1.0, step=0.01)]
Pixels = Annotated[int, Range(0, MAX_RESOLUTION, step=1)]
Side = Annotated[int, Range(1, MAX_RESOLUTION, step=1)]


@node(category="image/mask", display_name="Create Solid Mask")
def SolidMask(value: Level = 1.0, width: Side = 512, height: Side = 512) -> Mask:
    """Make a mask of one grey."""
    return masks.solid(value, width, height)


@node(category="image/mask", display_name="Invert Mask")
def InvertMask(mask: Mask) -> Mask:
    """Exchange black and white."""
    return 1.0 - mask


@node(category="image/mask", display_name="Crop Mask")
def CropMask(mask: Mask, x: Pixels = 0, y: Pixels = 0, width: Side = 512, height: Side = 512) -> Mask:
    """Cut a rectangle out of a mask."""
    return masks.crop(mask, x, y, width, height)


@node(category="image/mask", display_name="Combine Masks")
def MaskComposite(
    destination: Mask,
    source: Mask,
    x: Pixels = 0,
    y: Pixels = 0,
    operation: Annotated[str, Choice(masks.OPERATIONS)] = "multiply",
) -> Mask:
    """Put one mask upon another.

    operation: and, or and xor round both masks to black and white.
    """
    return masks.combine(destination, source, x, y, operation)


@node(category="image/mask", display_name="Feather Mask")
def FeatherMask(mask: Mask, left: Pixels = 0, top: Pixels = 0, right: Pixels = 0, bottom: Pixels = 0) -> Mask:
    """Let the sides of a mask fade out, each over its number of pixels."""
    return masks.feather(mask, left, top, right, bottom)


@node(category="image/mask", display_name="Grow Mask")
def GrowMask(
    mask: Mask, expand: Annotated[int, Range(-MAX_RESOLUTION, MAX_RESOLUTION, step=1)] = 0, tapered_corners: bool = True
) -> Mask:
    """Widen the white of a mask.

    expand: pixels; a negative number narrows it.
    tapered_corners: grow in a diamond and not in a square.
    """
    return masks.grow(mask, expand, tapered=tapered_corners)


@node(category="image/mask", display_name="Threshold Mask")
def ThresholdMask(mask: Mask, value: Level = 0.5) -> Mask:
    """Make all that is above a value white, the rest black."""
    return masks.threshold(mask, value)


@node(category="image/mask", display_name="Convert Mask to Image")
def MaskToImage(mask: Mask) -> Image:
    """Show a mask as a grey image."""
    return masks.to_image(mask)


@node(category="image/mask", display_name="Convert Image to Mask")
def ImageToMask(image: Image, channel: Annotated[str, Choice(masks.CHANNELS)] = "red") -> Mask:
    """Take a channel of an image as a mask."""
    return masks.from_channel(image, channel)


@node(category="image/mask", display_name="Convert Image Color to Mask")
def ImageColorToMask(image: Image, color: Annotated[int, Range(0, 0xFFFFFF, step=1, display="number")] = 0) -> Mask:
    """Make a mask that is white where an image has exactly one colour.

    color: red * 65536 + green * 256 + blue.
    """
    return masks.from_colour(image, color)
