"""What every sampler does: go down noise levels, ask for predictions, tell of its steps.

    walk = Walk(denoise, sigmas, callback)
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)

Levels are Python numbers, so that coefficients are exact and nobody waits for the device.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple, Protocol

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser, Guided, Step
from diffusion.noise import Seed
from diffusion.parameterization import Parameterization


class Sampler(Protocol):
    """From x at the first of `sigmas` to x at the last."""

    def __call__(
        self, denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
    ) -> Tensor:
        """Return x at the last level; `seed` is for samplers that add noise, or where they take it from."""
        ...


class Interval(NamedTuple):
    """One step: its number from 0, the level it starts from and the one it goes to."""

    number: int
    sigma: float
    sigma_next: float


class Walk:
    """The calls of a denoiser along noise levels."""

    def __init__(self, denoise: Denoiser, sigmas: Tensor, callback: Callback | None = None) -> None:
        self.levels: list[float] = [level for level, _ in groupby(sigmas.tolist())]  # a repeated level is no step
        self._denoise = denoise
        self._callback = callback

    @property
    def parameterization(self) -> Parameterization:
        """That of the denoiser."""
        return self._denoise.parameterization

    @property
    def total(self) -> int:
        """The number of steps."""
        return len(self.levels) - 1

    def steps(self) -> Iterator[Interval]:
        """Go from each level to the next."""
        for index in range(self.total):
            yield Interval(index, self.levels[index], self.levels[index + 1])

    def at(self, x: Tensor, sigma: float) -> Tensor:
        """Return the denoised latent at any level."""
        return self._denoise(x, x.new_full((x.shape[0],), sigma))

    def guided_at(self, x: Tensor, sigma: float) -> Guided:
        """Return the denoised latent at any level, with the negative side's."""
        return self._denoise.guided(x, x.new_full((x.shape[0],), sigma))

    def predict(self, index: int, x: Tensor) -> Tensor:
        """Return the denoised latent at the start of a step, and tell of the step."""
        denoised = self.at(x, self.levels[index])
        self.tell(index, x, denoised)
        return denoised

    def predict_guided(self, index: int, x: Tensor) -> Guided:
        """Return both predictions at the start of a step, and tell of the step."""
        guided = self.guided_at(x, self.levels[index])
        self.tell(index, x, guided.denoised)
        return guided

    def tell(
        self, index: int, x: Tensor, denoised: Tensor, *, sigma: float | None = None, total: int | None = None
    ) -> None:
        """Call the callback, which may raise to cancel; sigma and total differ where a sampler has its own levels."""
        if self._callback is not None:
            level = self.levels[index] if sigma is None else sigma
            self._callback(Step(index, total or self.total, x, denoised, level))


def slope(x: Tensor, denoised: Tensor, sigma: float) -> Tensor:
    """Return dx/dsigma of the probability flow (Karras et al. 2022, eq. 3): the noise in x."""
    return (x - denoised) / sigma
