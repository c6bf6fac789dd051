"""SEEDS: stochastic exponential Runge-Kutta methods (Gonzalez et al. 2023, arXiv 2305.14267), data prediction.

eta scales the noise: 1 is the reverse SDE, 0 the probability flow. The stages of a step share one path of noise.
"""

from __future__ import annotations

import math

from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import NoiseSource, Seed, gaussian_noise
from diffusion.samplers.exponential import alpha, h_phi_1, h_phi_2, half_log_snr, sigma_at, step_size
from diffusion.samplers.walk import Walk


class Stages:
    """One step from sigma to sigma_next: takes x to shares of it, with the noise gathered on the way."""

    def __init__(self, walk: Walk, x: Tensor, interval: tuple[float, float], eta: float, noise: NoiseSource) -> None:
        self.x = x
        self.sigma, self.sigma_next = interval
        self.h = step_size(walk.parameterization, *interval)
        self._parameterization = walk.parameterization
        self._eta = eta
        self._noise = noise
        self._gathered: Tensor | float = 0.0
        self._share = 0.0
        self._level = self.sigma

    def level(self, share: float) -> float:
        """Return the noise level after a share of the step in lambda."""
        if share == 1.0:
            return self.sigma_next
        return sigma_at(self._parameterization, half_log_snr(self._parameterization, self.sigma) + share * self.h)

    def phi_1(self, share: float) -> float:
        """Return z phi_1(z) for z = -(1 + eta) h share."""
        return h_phi_1(-share * self.h * (1 + self._eta))

    def phi_2(self, share: float) -> float:
        """Return z phi_2(z) for z = -(1 + eta) h share."""
        return h_phi_2(-share * self.h * (1 + self._eta))

    def reach(self, share: float, predictions: Tensor) -> Tensor:
        """Return x after a share of the step; predictions are weighted by phi functions; shares must grow."""
        level = self.level(share)
        decay = level / self.sigma * math.exp(-share * self.h * self._eta)
        x = decay * self.x - alpha(self._parameterization, level) * predictions
        if self._eta > 0:
            x = x + level * self._more_noise(share, level)
        return x

    def _more_noise(self, share: float, level: float) -> Tensor:
        passed = (share - self._share) * self.h * self._eta
        fresh = math.sqrt(max(-math.expm1(-2 * passed), 0.0)) * self._noise(self._level, level)
        gathered = self._gathered * math.exp(-passed) + fresh
        self._gathered, self._share, self._level = gathered, share, level
        return gathered


def seeds_2(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    eta: float = 1.0,
    r: float = 0.5,
    exact: bool = False,
) -> Tensor:
    """Two stages, the second after the share r.

    `exact` weighs them by phi_2; else the prediction is extrapolated to the middle and held (algorithm 2).
    """
    walk, noise = Walk(denoise, denoise.parameterization.finite_snr(sigmas), callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        step = Stages(walk, x, (sigma, sigma_next), eta, noise)
        second = walk.at(step.reach(r, step.phi_1(r) * denoised), step.level(r))
        weight = (step.phi_2(1.0) if exact else 0.5 * step.phi_1(1.0)) / r
        x = step.reach(1.0, (step.phi_1(1.0) - weight) * denoised + weight * second)
    return x


def exp_heun_2_x0(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """Exponential Heun: the second stage at the end of the step, no noise."""
    return seeds_2(denoise, x, sigmas, seed=seed, callback=callback, eta=0.0, r=1.0, exact=True)


def exp_heun_2_x0_sde(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None, eta: float = 1.0
) -> Tensor:
    """Exponential Heun with noise."""
    return seeds_2(denoise, x, sigmas, seed=seed, callback=callback, eta=eta, r=1.0, exact=True)


def seeds_3(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    eta: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Tensor:
    """Three stages, after the shares r_1 and r_2 (algorithm 3)."""
    walk, noise = Walk(denoise, denoise.parameterization.finite_snr(sigmas), callback), gaussian_noise(x, seed)
    for i, sigma, sigma_next in walk.steps():
        denoised = walk.predict(i, x)
        if sigma_next == 0:
            x = denoised
            continue
        step = Stages(walk, x, (sigma, sigma_next), eta, noise)
        second = walk.at(step.reach(r_1, step.phi_1(r_1) * denoised), step.level(r_1))
        weight = r_2 / r_1 * step.phi_2(r_2)
        third_x = step.reach(r_2, (step.phi_1(r_2) - weight) * denoised + weight * second)
        third = walk.at(third_x, step.level(r_2))
        weight = step.phi_2(1.0) / r_2
        x = step.reach(1.0, (step.phi_1(1.0) - weight) * denoised + weight * third)
    return x
