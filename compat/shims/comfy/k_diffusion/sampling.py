"""ComfyUI's `comfy.k_diffusion.sampling`: samplers as functions, noise levels, noise.

    sample_euler_ancestral(model, x, sigmas, extra_args={"seed": 1}, eta=0.5)

Each `sample_…` is one of Weft's samplers, called through compat.wires.borrowed_samplers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from comfy.k_diffusion import utils
from torch import Tensor
from tqdm.auto import trange

from compat.wires.borrowed_samplers import BorrowedSampler
from compat.wires.sampling_view import parameterization_of
from diffusion.noise import brownian_noise, gaussian_noise
from diffusion.samplers import SAMPLERS

__all__ = ["trange", "utils"]  # packs take these from here, too
NO_LOG = 1e-5  # keeps get_sigmas_laplace from the logarithm of 0


def append_zero(x: Tensor) -> Tensor:
    """Return levels with 0 behind them."""
    return torch.cat([x, x.new_zeros(1)])


def get_sigmas_karras(n: int, sigma_min: float, sigma_max: float, rho: float = 7.0, device: Any = "cpu") -> Tensor:
    """Space sigma^(1/rho) equally (Karras et al. 2022, eq. 5)."""
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return append_zero((high + torch.linspace(0, 1, n, device=device) * (low - high)) ** rho)


def get_sigmas_exponential(n: int, sigma_min: float, sigma_max: float, device: Any = "cpu") -> Tensor:
    """Space log sigma equally."""
    return append_zero(torch.linspace(math.log(sigma_max), math.log(sigma_min), n, device=device).exp())


def get_sigmas_polyexponential(
    n: int, sigma_min: float, sigma_max: float, rho: float = 1.0, device: Any = "cpu"
) -> Tensor:
    """Space log sigma by a power."""
    share = torch.linspace(1, 0, n, device=device) ** rho
    return append_zero((share * (math.log(sigma_max) - math.log(sigma_min)) + math.log(sigma_min)).exp())


def get_sigmas_vp(
    n: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 1e-3, device: Any = "cpu"
) -> Tensor:
    """Space the time of a variance-preserving process equally (Song et al. 2021)."""
    time = torch.linspace(1, eps_s, n, device=device)
    return append_zero(torch.expm1(beta_d * time**2 / 2 + beta_min * time).sqrt())


def get_sigmas_laplace(
    n: int, sigma_min: float, sigma_max: float, mu: float = 0.0, beta: float = 0.5, device: Any = "cpu"
) -> Tensor:
    """Take quantiles of a Laplace distribution of log sigma (Hang et al. 2024)."""
    distance = 0.5 - torch.linspace(0, 1, n, device=device)
    logs = mu - beta * distance.sign() * (1 - 2 * distance.abs() + NO_LOG).log()
    return logs.exp().clamp(sigma_min, sigma_max)


def to_d(x: Tensor, sigma: Tensor, denoised: Tensor) -> Tensor:
    """Return dx/dsigma of the probability flow: the noise in x."""
    slope: Tensor = (x - denoised) / utils.append_dims(sigma, x.ndim)
    return slope


def get_ancestral_step(sigma_from: Any, sigma_to: Any, eta: float = 1.0) -> tuple[Any, Any]:
    """Return the level to step down to, and how much noise leads from there to `sigma_to`."""
    if not eta:
        return sigma_to, 0.0
    up = min(sigma_to, eta * (sigma_to**2 * (sigma_from**2 - sigma_to**2) / sigma_from**2) ** 0.5)
    return (sigma_to**2 - up**2) ** 0.5, up


def default_noise_sampler(x: Tensor, seed: int | None = None) -> Callable[[Any, Any], Tensor]:
    """Return a source of independent noise; without a seed from torch's own generator."""
    if seed is None:
        return lambda sigma, sigma_next: torch.randn_like(x)
    return gaussian_noise(x, seed)


class BrownianTreeNoiseSampler:
    """A source of increments of one Brownian path, scaled to unit variance; with several seeds one for each picture."""

    def __init__(
        self,
        x: Tensor,
        sigma_min: Any,
        sigma_max: Any,
        seed: int | Sequence[int] | None = None,
        transform: Callable[[Any], Any] = lambda sigma: sigma,
        cpu: bool = False,
    ) -> None:
        self.transform = transform
        ends = torch.tensor([float(transform(torch.as_tensor(end))) for end in (sigma_min, sigma_max)])
        drawn = int(torch.randint(0, 2**63 - 1, ())) if seed is None else seed
        parts = [(x, drawn)] if isinstance(drawn, int) else list(zip(torch.split(x, 1), drawn, strict=True))
        self._sources = [brownian_noise(part, ends, own, on_cpu=cpu) for part, own in parts]

    def __call__(self, sigma: Any, sigma_next: Any) -> Tensor:
        """Return the increment between two levels."""
        start, end = (float(self.transform(torch.as_tensor(level))) for level in (sigma, sigma_next))
        return torch.cat([source(start, end) for source in self._sources])


def sigma_to_half_log_snr(sigma: Tensor, model_sampling: Any) -> Tensor:
    """Return lambda = log(alpha / sigma)."""
    return parameterization_of(model_sampling).half_log_snr(sigma)


def half_log_snr_to_sigma(half_log_snr: Tensor, model_sampling: Any) -> Tensor:
    """Return the level of lambda."""
    return parameterization_of(model_sampling).sigma_of_half_log_snr(half_log_snr)


def offset_first_sigma_for_snr(sigmas: Tensor, model_sampling: Any, percent_offset: float = 1e-4) -> Tensor:
    """Return levels whose first has a finite lambda."""
    return parameterization_of(model_sampling).finite_snr(sigmas)


OTHERS = ("ddim", "uni_pc", "uni_pc_bh2")  # are not in this module of ComfyUI
globals().update({f"sample_{name}": BorrowedSampler.of(name) for name in SAMPLERS if name not in OTHERS})
