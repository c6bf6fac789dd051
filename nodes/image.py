"""Operators on images: size, place, batch, colour."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from diffusion import images
from diffusion.resize import CROP_METHODS
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.latent import FLIPS, ROTATIONS
from nodes.sockets import MAX_RESOLUTION, Image, Mask

Method = Annotated[str, Choice(images.SCALE_METHODS)]
Pixels = Annotated[int, Range(0, MAX_RESOLUTION, step=1)]
Side = Annotated[int, Range(1, MAX_RESOLUTION, step=1)]
Margin = Annotated[int, Range(0, MAX_RESOLUTION, step=8)]
Count = Annotated[int, Range(1, 4096)]


class PaddedImage(NamedTuple):
    """A padded image and the mask of what was added."""

    IMAGE: Image
    MASK: Mask


class ImageSize(NamedTuple):
    """The size of an image."""

    width: int
    height: int
    batch_size: int


@node(category="image/upscaling", display_name="Upscale Image")
def ImageScale(
    image: Image,
    upscale_method: Method = "nearest-exact",
    width: Pixels = 512,
    height: Pixels = 512,
    crop: Annotated[str, Choice(CROP_METHODS)] = "disabled",
) -> Image:
    """Resize an image.

    width: 0 keeps the proportions.
    height: 0 keeps the proportions.
    crop: center cuts the longer side, so that nothing is stretched.
    """
    return images.scale(image, width, height, upscale_method, crop)


@node(category="image/upscaling", display_name="Upscale Image By")
def ImageScaleBy(
    image: Image,
    upscale_method: Method = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.0,
) -> Image:
    """Resize an image by a factor."""
    return images.scale_by(image, scale_by, upscale_method)


@node(category="image/upscaling", display_name="Scale Image to Total Pixels")
def ImageScaleToTotalPixels(
    image: Image,
    upscale_method: Method = "nearest-exact",
    megapixels: Annotated[float, Range(0.01, 16.0, step=0.01)] = 1.0,
    resolution_steps: Annotated[int, Range(1, 256)] = 1,
) -> Image:
    """Resize an image in proportion to a number of pixels.

    megapixels: 1 is 1024 x 1024.
    resolution_steps: both sides become multiples of this.
    """
    return images.scale_to_megapixels(image, megapixels, resolution_steps, upscale_method)


@node(category="image/color", display_name="Invert Image Colors")
def ImageInvert(image: Image) -> Image:
    """Turn light into dark and each colour into its opposite."""
    return 1.0 - image


@node(category="image/batch", display_name="Batch Images (DEPRECATED)", deprecated=True)
def ImageBatch(image1: Image, image2: Image) -> Image:
    """Put two images into one batch.

    image2: resized and cut to the size of image1.
    """
    return images.batch(image1, image2)


@node(category="image/batch", display_name="Repeat Image Batch")
def RepeatImageBatch(image: Image, amount: Count = 1) -> Image:
    """Repeat a batch of images."""
    return image.repeat(amount, 1, 1, 1)


@node(category="image/batch", display_name="Get Image from Batch")
def ImageFromBatch(
    image: Image, batch_index: Annotated[int, Range(-MAX_RESOLUTION, MAX_RESOLUTION)] = 0, length: Count = 1
) -> Image:
    """Take some images out of a batch.

    batch_index: the first one; -1 is the last of the batch.
    length: how many, as far as there are.
    """
    return images.from_batch(image, batch_index, length)


@node(category="image/transform", display_name="Crop Image (DEPRECATED)", deprecated=True)
def ImageCrop(image: Image, width: Side = 512, height: Side = 512, x: Pixels = 0, y: Pixels = 0) -> Image:
    """Cut a rectangle out of an image."""
    return images.crop(image, x, y, width, height)


@node(category="image/transform", display_name="Flip Image")
def ImageFlip(image: Image, flip_method: Annotated[str, Choice(FLIPS)] = FLIPS[0]) -> Image:
    """Mirror an image."""
    return images.flip(image, vertically=flip_method == FLIPS[0])


@node(category="image/transform", display_name="Rotate Image")
def ImageRotate(image: Image, rotation: Annotated[str, Choice(ROTATIONS)] = ROTATIONS[0]) -> Image:
    """Turn an image clockwise."""
    return images.rotate(image, ROTATIONS.index(rotation))


@node(category="image/transform", display_name="Pad Image for Outpainting")
def ImagePadForOutpaint(
    image: Image, left: Margin = 0, top: Margin = 0, right: Margin = 0, bottom: Margin = 0, feathering: Pixels = 40
) -> PaddedImage:
    """Add room at the sides, with a mask of it, to be filled by sampling.

    feathering: pixels over which the mask fades into the picture.
    """
    padded = images.pad(image, left, top, right, bottom, feathering)
    return PaddedImage(padded.image, padded.mask)


@node(category="image", display_name="Empty Image")
def EmptyImage(
    width: Side = 512,
    height: Side = 512,
    batch_size: Count = 1,
    color: Annotated[int, Range(0, 0xFFFFFF, step=1, display="color")] = 0,
) -> Image:
    """Make images of one colour.

    color: red * 65536 + green * 256 + blue.
    """
    return images.solid(width, height, batch_size, color)


@node(category="image/filters", display_name="Blend Images")
def ImageBlend(
    image1: Image,
    image2: Image,
    blend_factor: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5,
    blend_mode: Annotated[str, Choice(images.BLENDS)] = "normal",
) -> Image:
    """Mix two images.

    image2: resized and cut to the size of image1.
    blend_factor: 0 is image1 alone.
    """
    return images.blend(image1, image2, blend_factor, blend_mode)


@node(category="image/compositing", display_name="Image Composite Masked")
def ImageCompositeMasked(
    destination: Image,
    source: Image,
    x: Pixels = 0,
    y: Pixels = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Image:
    """Put one image upon another where a mask is white."""
    return images.composite_masked(destination, source, x, y, resize_source=resize_source, mask=mask)


@node(category="image", display_name="Get Image Size")
def GetImageSize(image: Image) -> ImageSize:
    """Tell the width, the height and the number of images in a batch."""
    return ImageSize(image.shape[2], image.shape[1], image.shape[0])
