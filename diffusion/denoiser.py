"""What samplers see of a model: a function from a noisy latent and its noise level to the finished latent.

    denoised = denoise(x, sigma)       # x: (batch, channels, rows, columns), sigma: (batch,)
    guided = denoise.guided(x, sigma)  # with the negative side's prediction
    callback(Step(index=0, total=20, x=x, denoised=denoised, sigma=14.6))

As in Karras et al. (2022), D(x; sigma): whatever the network predicts, samplers know only this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor

from diffusion.parameterization import Parameterization


class Guided(NamedTuple):
    """The denoised latent under guidance, and the negative side's alone (for CFG++)."""

    denoised: Tensor
    uncond_denoised: Tensor


class Denoiser(Protocol):
    """D(x; sigma) with guidance built in."""

    @property
    def parameterization(self) -> Parameterization:
        """How the network's output is read; some samplers differ for flow models."""
        ...

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the denoised latent; sigma: (batch,)."""
        ...

    def guided(self, x: Tensor, sigma: Tensor) -> Guided:
        """Return the denoised latent and the negative side's."""
        ...


@dataclass(frozen=True)
class Step:
    """One step of a sampler, told after its first prediction: index counts from 0, x is what the prediction was for."""

    index: int
    total: int
    x: Tensor
    denoised: Tensor
    sigma: float


Callback = Callable[[Step], None]
