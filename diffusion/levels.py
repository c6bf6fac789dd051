"""Noise levels that a network knows, and how it is told them: tables of sigma, timesteps, shares of the way.

    levels = DiscreteLevels(zsnr=True)
    levels.sigmas[-1], levels.timestep(levels.sigmas[-1])

SD1's: betas from 0.00085 to 0.012, linear in their square root, 1000 of them (Ho et al. 2020; v1-inference.yaml).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

FIRST_BETA, LAST_BETA = 0.00085, 0.012  # SD1, v1-inference.yaml
TIMESTEPS = 1000
FLUX_LEVELS = 10_000  # in Flux's table, from which schedules pick (ComfyUI)
ABOVE_ALL_SIGMAS = 999_999_999.9  # where 0 % of a schedule lies, so that nothing comes before it (ComfyUI)
FLUX_FEW_TOKENS, FLUX_MOST_TOKENS, FLUX_TOKEN_PIXELS = 256, 4096, 16 * 16
LAST_ABAR = 4.8973451890853435e-08  # in place of 0 at the end of a zero-SNR table (ComfyUI): sigma is about 4519


class Levels(Protocol):
    """A set of noise levels."""

    @property
    def sigmas(self) -> Tensor:
        """Return the table, float32, growing."""
        ...

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return what the network is told for noise levels."""
        ...

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the noise level of timesteps, which may lie between whole ones."""
        ...

    def percent_to_sigma(self, percent: float) -> float:
        """Return the noise level after a share 0..1 of the way."""
        ...


@dataclass(frozen=True)
class DiscreteLevels:
    """SD1's table, or every n-th of it from its end.

    zsnr: move the table so that nothing of the picture is left at its end (Lin et al. 2024, algorithm 1). stride: the
    distance of the timesteps that a distilled network was trained on (Luo et al. 2023: LCM has 50, 20 apart).
    """

    zsnr: bool = False
    stride: int = 1
    sigmas: Tensor = field(init=False, repr=False, compare=False)
    _log_sigmas: Tensor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the table."""
        abar = _abar()
        if self.zsnr:
            abar = with_zero_snr(abar)
        table = ((1.0 - abar) / abar).sqrt()[self.stride - 1 :: self.stride]
        object.__setattr__(self, "sigmas", table.float())
        object.__setattr__(self, "_log_sigmas", table.log().float())

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the index of the nearest level, by logarithm."""
        logs = self._log_sigmas.to(sigma.device)
        nearest = (sigma.log().reshape(1, -1) - logs[:, None]).abs().argmin(dim=0).view(sigma.shape)
        return nearest if self.stride == 1 else nearest * self.stride + (self.stride - 1)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level, interpolated by logarithm."""
        logs = self._log_sigmas.to(timestep.device)
        position = ((timestep.float() - (self.stride - 1)) / self.stride).clamp(0, len(logs) - 1)
        share = position.frac()
        return ((1 - share) * logs[position.floor().long()] + share * logs[position.ceil().long()]).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level after a share of the timesteps."""
        if percent >= 1.0:
            return 0.0
        if percent <= 0.0:
            return ABOVE_ALL_SIGMAS
        return float(self.sigma(torch.tensor((1.0 - percent) * (TIMESTEPS - 1))))


@dataclass(frozen=True)
class EvenLevels:
    """Any level between two ends, even by logarithm."""

    low: float
    high: float

    @property
    def sigmas(self) -> Tensor:
        """Return a table for schedules that need one, spaced by logarithm."""
        return torch.linspace(math.log(self.low), math.log(self.high), TIMESTEPS).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level after a share of the logarithms."""
        return log_percent_to_sigma(self.sigmas, percent)


@dataclass(frozen=True)
class AngularLevels(EvenLevels):
    """The network is told the angle of a level, atan(sigma) / (pi / 2) (Salimans & Ho 2022)."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the angle in right angles."""
        return sigma.atan() / math.pi * 2

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level of an angle."""
        return (timestep * math.pi / 2).tan()


@dataclass(frozen=True)
class LogarithmicLevels(EvenLevels):
    """The network is told a quarter of a level's logarithm (Karras et al. 2022, table 1, EDM)."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return a quarter of the logarithm."""
        return sigma.log() / 4

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level of a quarter of its logarithm."""
        return (timestep * 4).exp()


@dataclass(frozen=True)
class FlowLevels:
    """The share of noise in x, from 0 to 1; `shift` moves it upwards (Esser et al. 2024, eq. 23), 1 leaves it.

    length: of the table, from which schedules pick.
    """

    shift: float = 1.0
    length: int = TIMESTEPS
    sigmas: Tensor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the table."""
        object.__setattr__(self, "sigmas", self._shifted(torch.arange(1, self.length + 1) / self.length).float())

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return a thousand times the share."""
        return sigma * TIMESTEPS

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the shifted share."""
        return self._shifted(timestep / TIMESTEPS)

    def percent_to_sigma(self, percent: float) -> float:
        """Return the shifted share of noise."""
        if percent >= 1.0:
            return 0.0
        return 1.0 if percent <= 0.0 else float(self._shifted(torch.tensor(1.0 - percent)))

    def _shifted(self, time: Tensor) -> Tensor:
        return self.shift * time / (1.0 + (self.shift - 1.0) * time)


def shift_for_size(width: int, height: int, base: float, most: float) -> float:
    """Return the logarithm of Flux's shift for pictures of a size: on a line from 256 tokens to 4096 (BFL's flux)."""
    slope = (most - base) / (FLUX_MOST_TOKENS - FLUX_FEW_TOKENS)
    return slope * width * height / FLUX_TOKEN_PIXELS + base - slope * FLUX_FEW_TOKENS


def log_percent_to_sigma(sigmas: Tensor, percent: float) -> float:
    """Return the level after a share of the way between the logarithms of a table's ends."""
    if percent >= 1.0:
        return 0.0
    if percent <= 0.0:
        return ABOVE_ALL_SIGMAS
    low, high = (math.log(float(end)) for end in (sigmas[0], sigmas[-1]))
    return math.exp((high - low) * (1.0 - percent) + low)


def with_zero_snr(abar: Tensor) -> Tensor:
    """Move the square roots of abar so that the last is (nearly) 0 and the first stays (Lin et al. 2024, algorithm 1)."""
    root = abar.sqrt()
    moved = (root - root[-1]) * (root[0] / (root[0] - root[-1]))
    return torch.cat([moved[:-1] ** 2, moved.new_tensor([LAST_ABAR])])


def _abar() -> Tensor:
    """Return abar for each timestep (Ho et al. 2020, eq. 4)."""
    betas = torch.linspace(FIRST_BETA**0.5, LAST_BETA**0.5, TIMESTEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1.0 - betas, dim=0)
