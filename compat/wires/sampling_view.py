"""A model's `model_sampling` as packs see it, and theirs as samplers here use it.

sampling = sampling_of(model.parameterization)      # an object of classes that packs know
parameterization = parameterization_of(sampling)    # the same again; a pack's own object becomes one, too
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from compat.wires import sampling_levels as levels_of_packs
from compat.wires import sampling_parts as parts
from diffusion.levels import AngularLevels, DiscreteLevels, FlowLevels
from diffusion.parameterization import Parameterization

OURS = "weft_parameterization"  # in an object made here
PARTS: Mapping[str, type] = MappingProxyType(
    {
        "eps": parts.EPS,
        "v": parts.V_PREDICTION,
        "x0": parts.X0,
        "flow": parts.CONST,
        "lcm": parts.EPS,
        "img_to_img": parts.IMG_TO_IMG,
        "img_to_img_flow": parts.IMG_TO_IMG_FLOW,
    }
)


def sampling_of(parameterization: Parameterization) -> Any:
    """Return the object that packs know for a parameterization."""
    if isinstance(parameterization, PackParameterization):
        return parameterization.source
    levels, kind = parameterization.levels, PARTS[parameterization.prediction]
    is_plain = parameterization.prediction != "lcm"
    made: Any
    if is_plain and isinstance(levels, DiscreteLevels) and levels.stride == 1:
        made = _joined(levels_of_packs.ModelSamplingDiscrete, kind)()
        made.set_sigmas(levels.sigmas)
        made.zsnr = levels.zsnr
    elif is_plain and isinstance(levels, AngularLevels):
        made = _joined(levels_of_packs.ModelSamplingContinuousV, kind)()
        made.set_parameters(levels.low, levels.high, 1.0)
    elif is_plain and isinstance(levels, FlowLevels):
        made = _joined(levels_of_packs.ModelSamplingDiscreteFlow, kind)()
        made.set_parameters(shift=levels.shift)
    else:
        made = _joined(Shown, kind)(parameterization)
    setattr(made, OURS, parameterization)
    return made


def parameterization_of(sampling: Any) -> Parameterization:
    """Return what samplers here take for an object of a pack, or of `sampling_of`."""
    ours: Parameterization | None = vars(sampling).get(OURS)
    if ours is not None and torch.equal(sampling.sigmas.cpu(), ours.sigmas.cpu()):
        return ours
    if not all(hasattr(sampling, name) for name in ("calculate_denoised", "percent_to_sigma", "sigmas")):
        raise TypeError(
            f"model_sampling is {type(sampling).__name__}, which does not say what the network's output means; it must be "
            "of a class with one of comfy.model_sampling's predictions, such as EPS, among its bases."
        )
    flows = isinstance(sampling, parts.CONST)
    return PackParameterization("flow" if flows else "eps", levels=PackLevels(sampling), source=sampling)


@cache
def _joined(levels: type, part: type) -> type:
    return type("ModelSampling", (levels, part), {"__module__": "comfy.model_base"})


class Shown(levels_of_packs.Table):
    """Levels that packs have no class for."""

    def __init__(self, parameterization: Parameterization) -> None:
        super().__init__()
        self.register_buffer("sigmas", parameterization.sigmas)
        self.register_buffer("log_sigmas", parameterization.sigmas.log())
        self.timestep, self.sigma = parameterization.timestep, parameterization.sigma
        self.percent_to_sigma = parameterization.percent_to_sigma
        self.calculate_input = lambda sigma, noise: parameterization.scale_input(noise, sigma)
        self.calculate_denoised = lambda sigma, output, x: parameterization.to_denoised(output, x, sigma)


@dataclass(frozen=True, eq=False)
class PackLevels:
    """The levels of a pack's object (diffusion.levels.Levels)."""

    source: Any

    @property
    def sigmas(self) -> Tensor:
        """Return the table."""
        table: Tensor = self.source.sigmas
        return table

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return what the network is told."""
        told: Tensor = self.source.timestep(sigma)
        return told

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level of what the network is told."""
        level: Tensor = self.source.sigma(timestep)
        return level

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level after a share of the way."""
        return float(self.source.percent_to_sigma(percent))


@dataclass(frozen=True, eq=False)
class PackParameterization(Parameterization):
    """A pack's object in the place of a parameterization."""

    source: Any = None

    def scale_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return what goes into the network."""
        scaled: Tensor = self.source.calculate_input(sigma, x)
        return scaled

    def to_denoised(self, output: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the finished latent that an output means."""
        denoised: Tensor = self.source.calculate_denoised(sigma, output, x)
        return denoised

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent: Tensor, max_denoise: bool = False) -> Tensor:
        """Return a latent with noise at a level."""
        noisy: Tensor = self.source.noise_scaling(sigma, noise, latent, max_denoise)
        return noisy

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Return a latent in the scale of data."""
        scaled: Tensor = self.source.inverse_noise_scaling(sigma, latent)
        return scaled
