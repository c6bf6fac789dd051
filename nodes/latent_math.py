"""Operators on latents: arithmetic, joining and cutting."""

from __future__ import annotations

from typing import Annotated

from diffusion import latent_ops
from diffusion.vae import FRAMES_NDIM
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import MAX_RESOLUTION, Latent

AXES = {"x": -1, "y": -2, "t": -3}
Ratio = Annotated[float, Range(0.0, 1.0, step=0.01)]


@node(category="model/latent/advanced")
def LatentAdd(samples1: Latent, samples2: Latent) -> Latent:
    """Add two latents; the second is fitted to the size of the first."""
    return latent_ops.add(samples1, samples2)


@node(category="model/latent/advanced")
def LatentSubtract(samples1: Latent, samples2: Latent) -> Latent:
    """Subtract the second latent, fitted to the size of the first."""
    return latent_ops.subtract(samples1, samples2)


@node(category="model/latent/advanced")
def LatentMultiply(samples: Latent, multiplier: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0) -> Latent:
    """Multiply a latent by a number."""
    return latent_ops.multiply(samples, multiplier)


@node(category="model/latent/advanced")
def LatentInterpolate(samples1: Latent, samples2: Latent, ratio: Ratio = 1.0) -> Latent:
    """Mix directions and lengths of two latents.

    ratio: 1 is the first, 0 the second.
    """
    return latent_ops.interpolate(samples1, samples2, ratio)


@node(category="experimental", display_name="Latent Blend")
def LatentBlend(samples1: Latent, samples2: Latent, blend_factor: Ratio = 0.5) -> Latent:
    """Mix two latents linearly.

    blend_factor: 1 is the first, 0 the second.
    """
    return latent_ops.blend(samples1, samples2, blend_factor)


@node(category="model/latent/advanced")
def LatentConcat(
    samples1: Latent, samples2: Latent, dim: Annotated[str, Choice(("x", "-x", "y", "-y", "t", "-t"))] = "x"
) -> Latent:
    """Join two latents side by side.

    dim: x to the right, y below; with a minus sign the second comes first. t needs latents with time.
    """
    return latent_ops.concat(samples1, samples2, _axis(dim.lstrip("-"), samples1), reverse=dim.startswith("-"))


@node(category="model/latent/advanced")
def LatentCut(
    samples: Latent,
    dim: Annotated[str, Choice(("x", "y", "t"))] = "x",
    index: Annotated[int, Range(-MAX_RESOLUTION, MAX_RESOLUTION, step=1)] = 0,
    amount: Annotated[int, Range(1, MAX_RESOLUTION, step=1)] = 1,
) -> Latent:
    """Keep a strip of a latent.

    index: first cell; negative counts from the end.
    amount: cells, eight pixels each.
    """
    return latent_ops.cut(samples, _axis(dim, samples), index, amount)


@node(category="model/latent/advanced")
def LatentCutToBatch(
    samples: Latent,
    dim: Annotated[str, Choice(("t", "x", "y"))] = "t",
    slice_size: Annotated[int, Range(1, MAX_RESOLUTION, step=1)] = 1,
) -> Latent:
    """Cut a latent into slices, which become a batch; what is left of less than a slice is dropped.

    dim: across (x), down (y), or frame by frame (t), which leaves latents without frames as they are.
    slice_size: cells, or frames, of each slice.
    """
    if dim == "t" and samples.samples.ndim < FRAMES_NDIM:
        return samples
    return latent_ops.cut_to_batch(samples, _axis(dim, samples), slice_size)


def _axis(dim: str, latent: Latent) -> int:
    if dim == "t" and latent.samples.ndim < FRAMES_NDIM:
        raise ValueError("dim: this latent has no time axis (t); choose x or y.")
    return AXES[dim]
