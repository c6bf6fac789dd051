"""What a network predicts, over which noise levels: the difference between eps, v and flow models in one place.

    parameterization = Parameterization("eps")
    output = network(parameterization.scale_input(x, sigma), parameterization.timestep(sigma))
    denoised = parameterization.to_denoised(output, x, sigma)

Outside, x = x0 + sigma noise for eps and v (Karras et al. 2022), x = (1 - sigma) x0 + sigma noise for flow models
(Liu et al. 2022). Noise levels of eps and v are SD1's: betas from 0.00085 to 0.012, linear in their square root.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

Prediction = Literal["eps", "v", "flow"]

FIRST_BETA, LAST_BETA = 0.00085, 0.012  # SD1, v1-inference.yaml
TIMESTEPS = 1000
ABOVE_ALL_SIGMAS = 999_999_999.9  # where 0 % of a schedule lies, so that nothing comes before it (ComfyUI)
FIRST_FLOW_PERCENT = 1e-4  # moves a first flow level of 1, whose log-SNR is infinite (ComfyUI)


@dataclass(frozen=True)
class Parameterization:
    """A prediction type with its table of noise levels.

    shift: moves the noise levels of flow models upwards (Esser et al. 2024, eq. 23); 1 leaves them.
    sigmas: (1000,), float32, growing; made from the others.
    """

    prediction: Prediction = "eps"
    shift: float = 1.0
    sigmas: Tensor = field(init=False, repr=False, compare=False)
    _log_sigmas: Tensor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the table."""
        table = _flow_sigmas(self.shift) if self.is_flow else _discrete_sigmas()
        object.__setattr__(self, "sigmas", table.float())
        object.__setattr__(self, "_log_sigmas", table.log().float())

    @property
    def is_flow(self) -> bool:
        """Whether x mixes data and noise instead of adding noise."""
        return self.prediction == "flow"

    @property
    def sigma_min(self) -> Tensor:
        """The lowest level in the table."""
        return self.sigmas[0]

    @property
    def sigma_max(self) -> Tensor:
        """The highest level in the table."""
        return self.sigmas[-1]

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return what the network is told for noise levels: the index of the nearest in the table, by logarithm."""
        if self.is_flow:
            return sigma * TIMESTEPS
        logs = self._log_sigmas.to(sigma.device)
        return (sigma.log().reshape(1, -1) - logs[:, None]).abs().argmin(dim=0).view(sigma.shape)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the noise level of timesteps, which may lie between whole ones (interpolated by logarithm)."""
        if self.is_flow:
            return _shifted(timestep / TIMESTEPS, self.shift)
        logs = self._log_sigmas.to(timestep.device)
        position = timestep.float().clamp(0, len(logs) - 1)
        share = position.frac()
        return ((1 - share) * logs[position.floor().long()] + share * logs[position.ceil().long()]).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the noise level after a share 0..1 of the timesteps."""
        if percent >= 1.0:
            return 0.0
        if self.is_flow:
            return 1.0 if percent <= 0.0 else float(_shifted(torch.tensor(1.0 - percent), self.shift))
        if percent <= 0.0:
            return ABOVE_ALL_SIGMAS
        return float(self.sigma(torch.tensor((1.0 - percent) * (TIMESTEPS - 1))))

    def scale_input(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Return x as the network wants it: of unit variance for unit data."""
        return x if self.is_flow else x / (_along(sigma, x) ** 2 + 1.0).sqrt()

    def to_denoised(self, output: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
        """Return the finished latent that a network's output means."""
        level = _along(sigma, x)
        if self.prediction == "v":  # Salimans & Ho (2022), appendix D
            return x / (level**2 + 1.0) - output * level / (level**2 + 1.0).sqrt()
        return x - output * level

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent: Tensor, max_denoise: bool = False) -> Tensor:
        """Return a latent with noise at a level; `max_denoise` gives the noise the variance of x at that level."""
        level = _along(sigma, noise)
        if self.is_flow:
            return level * noise + (1.0 - level) * latent
        return noise * ((1.0 + level**2).sqrt() if max_denoise else level) + latent

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Return a latent in the scale of data after the last level; noise stays in it unless sigma is 0."""
        return latent / (1.0 - _along(sigma, latent)) if self.is_flow else latent

    def half_log_snr(self, sigma: Tensor) -> Tensor:
        """Return lambda = log(alpha / sigma), the time of exponential integrators."""
        return sigma.logit().neg() if self.is_flow else sigma.log().neg()

    def sigma_of_half_log_snr(self, half_log_snr: Tensor) -> Tensor:
        """Return the noise level of lambda."""
        return half_log_snr.neg().sigmoid() if self.is_flow else half_log_snr.neg().exp()

    def finite_snr(self, sigmas: Tensor) -> Tensor:
        """Return noise levels whose first has a finite lambda."""
        if not self.is_flow or len(sigmas) <= 1 or sigmas[0] < 1:
            return sigmas
        return torch.cat([sigmas.new_tensor([self.percent_to_sigma(FIRST_FLOW_PERCENT)]), sigmas[1:]])


def _discrete_sigmas() -> Tensor:
    """Return sqrt((1 - abar) / abar) for each timestep (Ho et al. 2020, eq. 4)."""
    betas = torch.linspace(FIRST_BETA**0.5, LAST_BETA**0.5, TIMESTEPS, dtype=torch.float64) ** 2
    abar = torch.cumprod(1.0 - betas, dim=0)
    return ((1.0 - abar) / abar).sqrt()


def _flow_sigmas(shift: float) -> Tensor:
    return _shifted(torch.arange(1, TIMESTEPS + 1) / TIMESTEPS, shift)


def _shifted(time: Tensor, shift: float) -> Tensor:
    return shift * time / (1.0 + (shift - 1.0) * time)


def _along(sigma: Tensor, x: Tensor) -> Tensor:
    """Shape noise levels (batch,) or () so that they multiply x."""
    return sigma.reshape(()) if sigma.numel() == 1 else sigma.reshape(-1, *[1] * (x.ndim - 1))
