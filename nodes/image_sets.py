"""Operators that join images: into batches, side by side, with transparency; and one that finds edges."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch

from diffusion import edges, images, stitching
from diffusion.images import join_batches
from graph.annotations import Options
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import Image, Mask

Threshold = Annotated[float, Range(0.01, 0.99, step=0.01)]


class SplitImage(NamedTuple):
    """A picture without transparency, and the mask of what was transparent."""

    IMAGE: Image
    MASK: Mask


@node(category="image/batch", display_name="Batch Images")
def BatchImagesNode(*images: Image) -> Image:
    """Put images into one batch, resized and cut to the size of the first."""
    return join_batches(images)


@node(category="image/mask", display_name="Batch Masks")
def BatchMasksNode(*masks: Mask) -> Mask:
    """Put masks into one batch, resized and cut to the size of the first."""
    return join_batches([mask.unsqueeze(-1) for mask in masks]).squeeze(-1)


@node(category="image/transform", display_name="Stitch Images")
def ImageStitch(
    image1: Image,
    direction: Annotated[str, Choice(stitching.DIRECTIONS)] = "right",
    match_image_size: bool = True,
    spacing_width: Annotated[int, Range(0, 1024, step=2), Options(advanced=True)] = 0,
    spacing_color: Annotated[str, Choice(tuple(stitching.COLOURS)), Options(advanced=True)] = "white",
    image2: Image | None = None,
) -> Image:
    """Put a second image beside, above or below the first.

    match_image_size: give the second the first one's height or width, in proportion.
    spacing_width: pixels between them.
    """
    if image2 is None:
        return image1
    return stitching.stitch(
        image1, image2, direction, matches=match_image_size, gap=spacing_width, colour=spacing_color
    )


@node(category="image/compositing", display_name="Join Image with Alpha")
def JoinImageWithAlpha(image: Image, alpha: Mask) -> Image:
    """Make transparent what a mask shows white."""
    return images.with_alpha(image, alpha)


@node(category="image/compositing", display_name="Split Image with Alpha")
def SplitImageWithAlpha(image: Image) -> SplitImage:
    """Take transparency off; the mask is white where the image was transparent."""
    alpha = image[..., 3] if image.shape[-1] > 3 else torch.ones_like(image[..., 0])
    return SplitImage(image[..., :3], 1.0 - alpha)


@node(category="image/filters", display_name="Detect Edges (Canny)")
def Canny(image: Image, low_threshold: Threshold = 0.4, high_threshold: Threshold = 0.8) -> Image:
    """Draw the edges of an image, white on black.

    low_threshold: how steep an edge is at least where it goes on from a steeper one.
    high_threshold: how steep an edge is somewhere.
    """
    return edges.edges(image, low_threshold, high_threshold).repeat(1, 1, 1, 3)
