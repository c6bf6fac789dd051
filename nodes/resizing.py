"""Operators that resize pictures and masks by rules."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeVar

import torch

from diffusion import images, resizing
from diffusion.resize import CROP_METHODS
from diffusion.resizing import Size
from graph.annotations import Opens
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import MAX_RESOLUTION, Image, Mask

ImageOrMask = TypeVar("ImageOrMask")
Pixels = Annotated[int, Range(0, MAX_RESOLUTION, step=1)]
Method = Annotated[str, Choice(images.SCALE_METHODS)]
Crop = Annotated[str, Choice(CROP_METHODS)]
LARGEST_METHODS = ("area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic")  # ComfyUI names one twice


class Dimensions(NamedTuple):
    """To a width and a height.

    width: 0 keeps the proportions.
    height: 0 keeps the proportions.
    crop: center cuts the longer side, so that nothing is stretched.
    """

    width: Pixels = 512
    height: Pixels = 512
    crop: Crop = "center"

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks of that size."""
        if self.width == self.height == 0:
            return planes
        size = resizing.in_proportion(resizing.size_of(planes), self.width, self.height)
        return resizing.resized(planes, size, method, self.crop)


class Multiplier(NamedTuple):
    """By a factor."""

    multiplier: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.0

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks times the factor."""
        return resizing.resized(planes, resizing.by_factor(resizing.size_of(planes), self.multiplier), method)


class LongerSide(NamedTuple):
    """To a length of the longer side."""

    longer_size: Pixels = 512

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks in proportion."""
        return resizing.resized(planes, resizing.longer_side(resizing.size_of(planes), self.longer_size), method)


class ShorterSide(NamedTuple):
    """To a length of the shorter side."""

    shorter_size: Pixels = 512

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks in proportion."""
        return resizing.resized(planes, resizing.shorter_side(resizing.size_of(planes), self.shorter_size), method)


class Width(NamedTuple):
    """To a width."""

    width: Pixels = 512

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks in proportion."""
        return Dimensions(self.width, 0, "disabled").resize(planes, method)


class Height(NamedTuple):
    """To a height."""

    height: Pixels = 512

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks in proportion."""
        return Dimensions(0, self.height, "disabled").resize(planes, method)


class TotalPixels(NamedTuple):
    """To a number of pixels.

    megapixels: 1 is 1024 x 1024.
    """

    megapixels: Annotated[float, Range(0.01, 16.0, step=0.01)] = 1.0

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks in proportion."""
        return resizing.resized(planes, resizing.total_pixels(resizing.size_of(planes), self.megapixels), method)


class MatchSize(NamedTuple):
    """To the size of another.

    crop: center cuts the longer side, so that nothing is stretched.
    """

    match: Image | Mask
    crop: Crop = "center"

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks of that size."""
        return resizing.resized(planes, resizing.size_of(self.match), method, self.crop)


class Multiple(NamedTuple):
    """To sides that a number divides."""

    multiple: Annotated[int, Range(1, MAX_RESOLUTION, step=1)] = 8

    def resize(self, planes: torch.Tensor, method: str) -> torch.Tensor:
        """Return pictures or masks, made a little smaller and cut at the ends."""
        return resizing.to_multiple(planes, self.multiple, method)


RESIZINGS: dict[str, Any] = {
    "scale dimensions": Dimensions,
    "scale by multiplier": Multiplier,
    "scale longer dimension": LongerSide,
    "scale shorter dimension": ShorterSide,
    "scale width": Width,
    "scale height": Height,
    "scale total pixels": TotalPixels,
    "match size": MatchSize,
    "scale to multiple": Multiple,
}


@node(category="image/transform", display_name="Resize Image/Mask", output_names=("resized",))
def ResizeImageMaskNode(
    input: ImageOrMask, resize_type: Annotated[Any, Opens(RESIZINGS)], scale_method: Method = "area"
) -> ImageOrMask:
    """Resize a picture or a mask.

    resize_type: by which rule.
    scale_method: area is best for smaller, lanczos for larger ones.
    """
    if not isinstance(input, torch.Tensor) or input.ndim not in (3, 4):
        raise ValueError(f"input is neither a picture nor a mask, but {type(input).__name__}; link one of these.")
    resized: ImageOrMask = resize_type.resize(input, scale_method)
    return resized


@node(category="image/upscaling", display_name="Scale Image to Max Dimension")
def ImageScaleToMaxDimension(
    image: Image, upscale_method: Annotated[str, Choice(LARGEST_METHODS)] = "area", largest_size: Pixels = 512
) -> Image:
    """Resize an image in proportion to a length of its longer side."""
    size: Size = resizing.longer_side(resizing.size_of(image), largest_size)
    return resizing.resized(image, size, upscale_method)
