"""Steps in lambda = log(alpha / sigma), where the linear part of the equation has an exact solution.

    x = step_to(x, denoised, sigma, sigma_next)  # exact if the prediction did not change on the way

With data prediction the solution over a step h is

    sigma_t / sigma_s x - alpha_t (h phi_1) D - alpha_t (h phi_2) h D' - …

at argument -h (Hochbruck & Ostermann 2010; Lu et al. 2022, DPM-Solver++, eq. 9).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from diffusion.parameterization import Parameterization


def h_phi_1(h: float) -> float:
    """Return h phi_1(h) = exp(h) - 1."""
    return math.expm1(h)


def h_phi_2(h: float) -> float:
    """Return h phi_2(h) = (exp(h) - 1 - h) / h."""
    return (math.expm1(h) - h) / h


def h_phi_3(h: float) -> float:
    """Return h phi_3(h) = phi_2(h) - 1/2."""
    return h_phi_2(h) / h - 0.5


def alpha(parameterization: Parameterization, sigma: float) -> float:
    """Return the share of the data in x: 1, or 1 - sigma for flow models."""
    return 1.0 - sigma if parameterization.is_flow else 1.0


def half_log_snr(parameterization: Parameterization, sigma: float) -> float:
    """Return lambda of a noise level; infinite at 0."""
    if sigma == 0.0:
        return math.inf
    return float(parameterization.half_log_snr(torch.tensor(sigma, dtype=torch.float64)))


def sigma_at(parameterization: Parameterization, half_log_snr: float) -> float:
    """Return the noise level of a lambda."""
    return float(parameterization.sigma_of_half_log_snr(torch.tensor(half_log_snr, dtype=torch.float64)))


def step_size(parameterization: Parameterization, sigma: float, sigma_next: float) -> float:
    """Return h, the step in lambda."""
    return half_log_snr(parameterization, sigma_next) - half_log_snr(parameterization, sigma)


def step_to(x: Tensor, denoised: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """Go straight towards the prediction: the exponential Euler step, which is DDIM's (Song et al. 2021)."""
    ratio = sigma_next / sigma
    return ratio * x + (1.0 - ratio) * denoised


def interpolation_weights(nodes: Sequence[float], moments: Sequence[float]) -> list[float]:
    """Return w with sum_j w_j nodes_j^p = moments_p: the integral of the polynomial through values at the nodes.

    moments: the integral of t^p (with any weight function) for p = 0, 1, …; as many as nodes.
    """
    matrix = np.vander(np.asarray(nodes, dtype=np.float64), increasing=True).T
    weights: list[float] = np.linalg.solve(matrix, np.asarray(moments, dtype=np.float64)).tolist()
    return weights


def weighted_sum(weights: Sequence[float], values: Sequence[Tensor]) -> Tensor:
    """Return the sum of weight times value; at least one."""
    total = weights[0] * values[0]
    for weight, value in zip(weights[1:], values[1:], strict=True):
        total = total + weight * value
    return total
