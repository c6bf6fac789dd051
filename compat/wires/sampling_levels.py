"""Noise levels of a model's `model_sampling` as packs know them: modules with a table `sigmas`.

    sampling = ModelSamplingDiscrete()
    sampling.sigma_max, sampling.timestep(sampling.sigma_max), sampling.percent_to_sigma(0.5)

Numbers and odd cases are ComfyUI's. `model_config` may be anything with a dictionary `sampling_settings`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from compat.wires.sampling_parts import rescale_zero_terminal_snr_sigmas
from diffusion.levels import ABOVE_ALL_SIGMAS, FIRST_BETA, LAST_BETA, TIMESTEPS

EDM_SCALE = 0.25  # c_noise = log(sigma) / 4 (Karras et al. 2022, table 1)
COSINE_OFFSET, LARGEST_BETA = 8e-3, 0.999  # Nichol & Dhariwal (2021), eq. 17


def settings_of(model_config: Any) -> Mapping[str, Any]:
    """Return the settings of a configuration; none without one."""
    found: Mapping[str, Any] = {} if model_config is None else model_config.sampling_settings
    return found


def betas_of(schedule: str, timesteps: int, start: float, end: float) -> Tensor:
    """Return the betas of a schedule by its name, float64."""
    if schedule == "linear":
        return torch.linspace(start**0.5, end**0.5, timesteps, dtype=torch.float64) ** 2
    if schedule == "sqrt_linear":
        return torch.linspace(start, end, timesteps, dtype=torch.float64)
    if schedule == "sqrt":
        return torch.linspace(start, end, timesteps, dtype=torch.float64).sqrt()
    if schedule in ("cosine", "squaredcos_cap_v2"):
        time = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps + COSINE_OFFSET
        abar = (time / (1 + COSINE_OFFSET) * math.pi / 2).cos() ** 2
        return (1 - abar[1:] / abar[:-1]).clamp(0, LARGEST_BETA)
    raise ValueError(f'The schedule of betas "{schedule}" is none of linear, sqrt_linear, sqrt and cosine.')


class Table(nn.Module):
    """What all have in common."""

    sigmas: Tensor

    @property
    def sigma_min(self) -> Tensor:
        """The lowest level."""
        return self.sigmas[0]

    @property
    def sigma_max(self) -> Tensor:
        """The highest level."""
        return self.sigmas[-1]


class ModelSamplingDiscrete(Table):
    """A table of levels, between which one interpolates by logarithm."""

    log_sigmas: Tensor

    def __init__(self, model_config: Any = None, zsnr: bool | None = None) -> None:
        super().__init__()
        settings = settings_of(model_config)
        self._register_schedule(
            beta_schedule=settings.get("beta_schedule", "linear"),
            timesteps=settings.get("timesteps", TIMESTEPS),
            linear_start=settings.get("linear_start", FIRST_BETA),
            linear_end=settings.get("linear_end", LAST_BETA),
            zsnr=settings.get("zsnr", False) if zsnr is None else zsnr,
        )
        self.sigma_data = 1.0

    def _register_schedule(
        self,
        given_betas: Any = None,
        beta_schedule: str = "linear",
        timesteps: int = TIMESTEPS,
        linear_start: float = 1e-4,
        linear_end: float = 2e-2,
        cosine_s: float = COSINE_OFFSET,
        zsnr: bool = False,
    ) -> None:
        """Make the table of a schedule; packs call it."""
        named = given_betas is None
        betas = betas_of(beta_schedule, timesteps, linear_start, linear_end) if named else torch.as_tensor(given_betas)
        self.num_timesteps, self.zsnr = len(betas), zsnr
        self.linear_start, self.linear_end = linear_start, linear_end
        abar = torch.cumprod(1.0 - betas, dim=0)
        sigmas = ((1.0 - abar) / abar).sqrt()
        self.set_sigmas(rescale_zero_terminal_snr_sigmas(sigmas) if zsnr else sigmas)

    def set_sigmas(self, sigmas: Tensor) -> None:
        """Take another table."""
        self.register_buffer("sigmas", sigmas.float())
        self.register_buffer("log_sigmas", sigmas.log().float())

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the index of the nearest level, by logarithm."""
        distance = sigma.log().reshape(1, -1).to(self.log_sigmas.device) - self.log_sigmas[:, None]
        return distance.abs().argmin(dim=0).view(sigma.shape).to(sigma.device)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level of an index, which may lie between whole ones."""
        place = timestep.float().to(self.log_sigmas.device).clamp(0, len(self.sigmas) - 1)
        share = place.frac()
        low, high = self.log_sigmas[place.floor().long()], self.log_sigmas[place.ceil().long()]
        return ((1 - share) * low + share * high).exp().to(timestep.device)

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level after a share of the way."""
        if percent <= 0.0:
            return ABOVE_ALL_SIGMAS
        return 0.0 if percent >= 1.0 else float(self.sigma(torch.tensor((1.0 - percent) * (TIMESTEPS - 1))))


class ModelSamplingDiscreteEDM(ModelSamplingDiscrete):
    """A table of which the network is told the logarithm."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return a quarter of the logarithm."""
        return EDM_SCALE * sigma.log()

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level."""
        return (timestep / EDM_SCALE).exp()


class ModelSamplingContinuousEDM(Table):
    """Any level between two ends; the network is told its logarithm."""

    log_sigmas: Tensor

    def __init__(self, model_config: Any = None) -> None:
        super().__init__()
        settings = settings_of(model_config)
        ends = settings.get("sigma_min", 0.002), settings.get("sigma_max", 120.0)
        self.set_parameters(*ends, settings.get("sigma_data", 1.0))

    def set_parameters(self, sigma_min: float, sigma_max: float, sigma_data: float) -> None:
        """Take other ends."""
        self.sigma_data = sigma_data
        sigmas = torch.linspace(math.log(sigma_min), math.log(sigma_max), TIMESTEPS).exp()
        self.register_buffer("sigmas", sigmas)
        self.register_buffer("log_sigmas", sigmas.log())

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return a quarter of the logarithm."""
        return EDM_SCALE * sigma.log()

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level."""
        return (timestep / EDM_SCALE).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level after a share of the logarithms."""
        if percent <= 0.0:
            return ABOVE_ALL_SIGMAS
        low, high = math.log(self.sigma_min), math.log(self.sigma_max)
        return 0.0 if percent >= 1.0 else math.exp((high - low) * (1.0 - percent) + low)


class ModelSamplingContinuousV(ModelSamplingContinuousEDM):
    """Any level between two ends; the network is told its angle (Salimans & Ho 2022)."""

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the angle in right angles."""
        return sigma.atan() / math.pi * 2

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level of an angle."""
        return (timestep * math.pi / 2).tan()


def time_snr_shift(alpha: float, t: Any) -> Any:
    """Return the share of noise, moved upwards (Esser et al. 2024, eq. 23)."""
    return t if alpha == 1.0 else alpha * t / (1 + (alpha - 1) * t)


def flux_time_shift(mu: float, sigma: float, t: Any) -> Any:
    """Return the share of noise, moved by exp(mu), as Flux has it."""
    return math.exp(mu) / (math.exp(mu) + (1 / t - 1) ** sigma)


class ModelSamplingDiscreteFlow(Table):
    """The share of noise, moved upwards by `shift`."""

    def __init__(self, model_config: Any = None) -> None:
        super().__init__()
        settings = settings_of(model_config)
        self.set_noise_scale(settings.get("noise_scale", 1.0))
        self.set_parameters(shift=settings.get("shift", 1.0), multiplier=settings.get("multiplier", 1000))

    def set_parameters(self, shift: float = 1.0, timesteps: int = TIMESTEPS, multiplier: float = 1000) -> None:
        """Move the table."""
        self.shift, self.multiplier = shift, multiplier
        self.register_buffer("sigmas", self.sigma(torch.arange(1, timesteps + 1) / timesteps * multiplier))

    def set_noise_scale(self, noise_scale: float) -> None:
        """Scale the noise that CONST mixes in."""
        self.noise_scale = float(noise_scale)

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return what the network is told."""
        return sigma * self.multiplier

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the share of noise."""
        shifted: Tensor = time_snr_shift(self.shift, timestep / self.multiplier)
        return shifted

    def percent_to_sigma(self, percent: float) -> float:
        """Return the share of noise after a share of the way."""
        if percent <= 0.0:
            return 1.0
        return 0.0 if percent >= 1.0 else float(time_snr_shift(self.shift, 1.0 - percent))


class ModelSamplingFlux(Table):
    """The share of noise, moved as Flux has it; the network is told the share itself."""

    def __init__(self, model_config: Any = None) -> None:
        super().__init__()
        self.set_parameters(shift=settings_of(model_config).get("shift", 1.15))

    def set_parameters(self, shift: float = 1.15, timesteps: int = 10_000) -> None:
        """Move the table."""
        self.shift = shift
        self.register_buffer("sigmas", self.sigma(torch.arange(1, timesteps + 1) / timesteps))

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the share."""
        return sigma

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the moved share."""
        shifted: Tensor = flux_time_shift(self.shift, 1.0, timestep)
        return shifted

    def percent_to_sigma(self, percent: float) -> float:
        """Return the moved share after a share of the way."""
        if percent <= 0.0:
            return 1.0
        return 0.0 if percent >= 1.0 else float(flux_time_shift(self.shift, 1.0, 1.0 - percent))
