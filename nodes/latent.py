"""Operators on latents: make, size, turn, cut, compose."""

from __future__ import annotations

from typing import Annotated

from diffusion import latent_ops
from diffusion.resize import CROP_METHODS, RESIZE_METHODS
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import MAX_RESOLUTION, Latent, Mask

Pixels = Annotated[int, Range(0, MAX_RESOLUTION, step=8)]
Side = Annotated[int, Range(64, MAX_RESOLUTION, step=8)]
EmptySide = Annotated[int, Range(16, MAX_RESOLUTION, step=8)]
FineSide = Annotated[int, Range(16, MAX_RESOLUTION, step=16)]
Count = Annotated[int, Range(1, 4096)]
Method = Annotated[str, Choice(RESIZE_METHODS)]

ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")
FLIPS = ("x-axis: vertically", "y-axis: horizontally")


@node(category="model/latent", display_name="Empty Latent Image", aliases=("EmptyLatentImage",))
def EmptyLatent(width: EmptySide = 512, height: EmptySide = 512, batch_size: Count = 1) -> Latent:
    """Make empty latents, to be filled by sampling.

    width: pixels of the picture that will come out.
    height: pixels of the picture that will come out.
    batch_size: how many pictures at once.
    """
    return latent_ops.empty(width, height, batch_size)


@node(category="model/latent/stable diffusion")
def EmptySD3LatentImage(width: FineSide = 1024, height: FineSide = 1024, batch_size: Count = 1) -> Latent:
    """Make empty latents of sixteen channels, as SD3, Flux, Qwen-Image and others have them.

    width: pixels of the picture that will come out.
    height: pixels of the picture that will come out.
    batch_size: how many pictures at once.
    """
    return latent_ops.empty(width, height, batch_size, channels=16)


@node(category="model/latent/flux", display_name="Empty Flux 2 Latent")
def EmptyFlux2LatentImage(width: FineSide = 1024, height: FineSide = 1024, batch_size: Count = 1) -> Latent:
    """Make empty latents as Flux.2 has them: 128 channels, a cell for 16 x 16 pixels.

    width: pixels of the picture that will come out.
    height: pixels of the picture that will come out.
    batch_size: how many pictures at once.
    """
    return latent_ops.empty(width, height, batch_size, channels=128, cell=16)


@node(category="model/latent", display_name="Upscale Latent")
def LatentUpscale(
    samples: Latent,
    upscale_method: Method = "nearest-exact",
    width: Pixels = 512,
    height: Pixels = 512,
    crop: Annotated[str, Choice(CROP_METHODS)] = "disabled",
) -> Latent:
    """Resize a latent to a size in pixels.

    width: 0 keeps the proportions.
    height: 0 keeps the proportions.
    crop: center cuts the longer side, so that nothing is stretched.
    """
    return latent_ops.upscale(samples, upscale_method, width, height, crop)


@node(category="model/latent", display_name="Upscale Latent By")
def LatentUpscaleBy(
    samples: Latent,
    upscale_method: Method = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.5,
) -> Latent:
    """Resize a latent by a factor."""
    return latent_ops.upscale_by(samples, upscale_method, scale_by)


@node(category="model/latent/transform", display_name="Rotate Latent")
def LatentRotate(samples: Latent, rotation: Annotated[str, Choice(ROTATIONS)] = "none") -> Latent:
    """Turn a latent clockwise."""
    return latent_ops.rotate(samples, ROTATIONS.index(rotation))


@node(category="model/latent/transform", display_name="Flip Latent")
def LatentFlip(samples: Latent, flip_method: Annotated[str, Choice(FLIPS)] = FLIPS[0]) -> Latent:
    """Mirror a latent."""
    return latent_ops.flip(samples, vertically=flip_method == FLIPS[0])


@node(category="model/latent/transform", display_name="Crop Latent")
def LatentCrop(samples: Latent, width: Side = 512, height: Side = 512, x: Pixels = 0, y: Pixels = 0) -> Latent:
    """Cut a rectangle, in pixels, out of a latent."""
    return latent_ops.crop(samples, x, y, width, height)


@node(category="model/latent", display_name="Latent Composite")
def LatentComposite(
    samples_to: Latent, samples_from: Latent, x: Pixels = 0, y: Pixels = 0, feather: Pixels = 0
) -> Latent:
    """Put one latent upon another.

    feather: pixels over which the edges fade in.
    """
    return latent_ops.composite(samples_to, samples_from, x, y, feather)


@node(category="model/latent", display_name="Latent Composite Masked")
def LatentCompositeMasked(
    destination: Latent,
    source: Latent,
    x: Pixels = 0,
    y: Pixels = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Latent:
    """Put one latent upon another where a mask is white."""
    return latent_ops.composite_masked(destination, source, x, y, resize_source=resize_source, mask=mask)


@node(category="model/latent", display_name="Set Latent Noise Mask")
def SetLatentNoiseMask(samples: Latent, mask: Mask) -> Latent:
    """Let sampling change a latent only where the mask is white."""
    return latent_ops.set_noise_mask(samples, mask)
