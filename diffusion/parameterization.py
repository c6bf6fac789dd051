"""What a network predicts, over which noise levels: the difference between eps, v and flow models in one place.

    parameterization = Parameterization("eps")
    output = network(parameterization.scale_input(x, sigma), parameterization.timestep(sigma))
    denoised = parameterization.to_denoised(output, x, sigma)

Outside, x = x0 + sigma noise for eps, v and their kin (Karras et al. 2022), x = (1 - sigma) x0 + sigma noise for flow models
(Liu et al. 2022). The levels are a value of their own (diffusion.levels).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from diffusion.levels import TIMESTEPS, DiscreteLevels, FlowLevels, Levels

Prediction = Literal["eps", "v", "x0", "lcm", "flow", "img_to_img", "img_to_img_flow"]

FLOWS = frozenset({"flow", "img_to_img_flow"})
FIRST_FLOW_PERCENT = 1e-4  # moves a first flow level of 1, whose log-SNR is infinite (ComfyUI)
LCM_STRIDE = 20  # 50 of 1000 timesteps (Luo et al. 2023)
LCM_TIME_SCALE, LCM_DATA = 10.0, 0.5  # Luo et al. (2023), appendix D


@dataclass(frozen=True)
class Parameterization:
    """A prediction type with its noise levels.

    shift: moves the noise levels of flow models upwards; 1 leaves them. levels: others than the prediction's own.
    """

    prediction: Prediction = "eps"
    shift: float = 1.0
    levels: Levels = field(default=None)  # type: ignore[assignment]  # made below

    def __post_init__(self) -> None:
        """Choose the levels."""
        if self.levels is None:
            object.__setattr__(self, "levels", _own_levels(self.prediction, self.shift))

    @property
    def is_flow(self) -> bool:
        """Whether x mixes data and noise instead of adding noise."""
        return self.prediction in FLOWS

    @property
    def sigmas(self) -> Tensor:
        """The table of noise levels, float32, growing."""
        return self.levels.sigmas

    @property
    def sigma_min(self) -> Tensor:
        """The lowest level in the table."""
        return self.sigmas[0]

    @property
    def sigma_max(self) -> Tensor:
        """The highest level in the table."""
        return self.sigmas[-1]

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return what the network is told for noise levels."""
        return self.levels.timestep(sigma)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the noise level of timesteps, which may lie between whole ones."""
        return self.levels.sigma(timestep)

    def percent_to_sigma(self, percent: float) -> float:
        """Return the noise level after a share 0..1 of the timesteps."""
        return self.levels.percent_to_sigma(percent)

    def threshold(self, percent: float) -> float:
        """Return the noise level at a part of the way, in the precision in which samplers hold theirs."""
        return float(torch.tensor(self.percent_to_sigma(percent), dtype=torch.float32))

    def scale_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return x as the network wants it: of unit variance for unit data."""
        is_plain = self.is_flow or self.prediction == "img_to_img"
        return x if is_plain else x / (_along(sigma, x) ** 2 + 1.0).sqrt()

    def to_denoised(self, output: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the finished latent that a network's output means."""
        if self.prediction == "lcm":
            return _consistent(x - output * _along(sigma, x), x, _along(self.timestep(sigma), x))
        return DENOISED[self.prediction](output, x, _along(sigma, x))

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent: Tensor, max_denoise: bool = False) -> Tensor:
        """Return a latent with noise at a level; `max_denoise` gives the noise the variance of x at that level."""
        if self.prediction == "img_to_img_flow":
            return latent
        level = _along(sigma, noise)
        if self.is_flow:
            return level * noise + (1.0 - level) * latent
        return noise * ((1.0 + level**2).sqrt() if max_denoise else level) + latent

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Return a latent in the scale of data after the last level; noise stays in it unless sigma is 0."""
        if self.prediction == "img_to_img_flow":
            return 1.0 - latent
        return latent / (1.0 - _along(sigma, latent)) if self.is_flow else latent

    def half_log_snr(self, sigma: Tensor) -> Tensor:
        """Return lambda = log(alpha / sigma), the time of exponential integrators."""
        return sigma.logit().neg() if self.is_flow else sigma.log().neg()

    def sigma_of_half_log_snr(self, half_log_snr: Tensor) -> Tensor:
        """Return the noise level of lambda."""
        return half_log_snr.neg().sigmoid() if self.is_flow else half_log_snr.neg().exp()

    def shifted(self, shift: float, length: int = TIMESTEPS) -> Parameterization:
        """Return a flow model's with its noise levels moved otherwise; one that adds noise becomes a flow model's.

        length: of the table from which schedules pick, whatever the model's own has.
        """
        return Parameterization(self.prediction if self.is_flow else "flow", shift, FlowLevels(shift, length))

    def finite_snr(self, sigmas: Tensor) -> Tensor:
        """Return noise levels whose first has a finite lambda."""
        if not self.is_flow or len(sigmas) <= 1 or sigmas[0] < 1:
            return sigmas
        return torch.cat([sigmas.new_tensor([self.percent_to_sigma(FIRST_FLOW_PERCENT)]), sigmas[1:]])


def _own_levels(prediction: Prediction, shift: float) -> Levels:
    if prediction == "flow":
        return FlowLevels(shift)
    return DiscreteLevels(stride=LCM_STRIDE if prediction == "lcm" else 1)


def _from_noise(output: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
    """Take off the noise that was predicted; for flow models the output is noise - x0."""
    return x - output * sigma


def _from_v(output: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
    """Salimans & Ho (2022), appendix D."""
    return x / (sigma**2 + 1.0) - output * sigma / (sigma**2 + 1.0).sqrt()


def _as_it_is(output: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
    return output


def _consistent(x0: Tensor, x: Tensor, timestep: Tensor) -> Tensor:
    """Weigh x0 and x by the boundary conditions of consistency models (Luo et al. 2023, eq. 9)."""
    time = timestep * LCM_TIME_SCALE
    c_skip = LCM_DATA**2 / (time**2 + LCM_DATA**2)
    c_out = time / (time**2 + LCM_DATA**2) ** 0.5
    return c_out * x0 + c_skip * x


DENOISED: Mapping[Prediction, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "eps": _from_noise,
    "flow": _from_noise,
    "v": _from_v,
    "x0": _as_it_is,
    "img_to_img": _as_it_is,
    "img_to_img_flow": _as_it_is,
}


def _along(sigma: Tensor, x: Tensor) -> Tensor:
    """Shape noise levels (batch,) or () so that they multiply x."""
    return sigma.reshape(()) if sigma.numel() == 1 else sigma.reshape(-1, *[1] * (x.ndim - 1))
