"""Operators that make noise and add it: the forward process."""

from __future__ import annotations

from typing import Annotated

from diffusion import forward
from graph.spec import node
from graph.widgets import Range, Seed
from nodes.sockets import Latent, Model, Noise, Sigmas

NoiseSeed = Annotated[int, Seed()]


@node(category="model/sampling/noise")
def RandomNoise(noise_seed: NoiseSeed = 0) -> Noise:
    """Choose noise by a seed."""
    return forward.SeedNoise(noise_seed)


@node(category="model/sampling/noise")
def DisableNoise() -> Noise:
    """Choose no noise."""
    return forward.EmptyNoise()


@node(category="model/sampling/noise", experimental=True)
def AddNoise(model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Add the noise that lies between the first and the last of some noise levels.

    sigmas: noise levels; the difference of the ends is what is added.
    """
    return forward.add_noise(model, latent_image, noise, sigmas)


@node(category="model/sampling/noise", display_name="Forward Noise")
def ForwardNoise(
    model: Model,
    latent_image: Latent,
    seed: NoiseSeed = 0,
    timestep: Annotated[int, Range(0, 1000)] = 500,
) -> Latent:
    """Show what the forward process makes of a latent: x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise.

    model: says how much noise belongs to a timestep.
    timestep: 0 is the picture itself, 1000 nearly pure noise.
    """
    return forward.forward_noise(model, latent_image, seed, timestep)
