"""UniPC: a predictor and a corrector of order 3 that costs no prediction more (Zhao et al. 2023, arXiv 2302.04867).

Written in x = x0 + sigma noise, where the paper's alpha is 1; data prediction, so that its h is -h here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from torch import Tensor

from diffusion.denoiser import Callback, Denoiser
from diffusion.noise import Seed
from diffusion.samplers.exponential import step_to, weighted_sum
from diffusion.samplers.walk import Walk

Variant = Literal["bh1", "bh2"]

ORDER = 3
LAST_LEVEL = 0.001  # stands for 0, where log sigma is infinite (ComfyUI)


class Known(NamedTuple):
    """A prediction and its level."""

    denoised: Tensor
    sigma: float


def uni_pc(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    seed: Seed = 0,
    callback: Callback | None = None,
    variant: Variant = "bh1",
) -> Tensor:
    """Algorithms 1 and 2; orders grow from 1 at the start and fall to 1 at the end."""
    walk = Walk(denoise, sigmas, callback)
    if walk.total < 1:
        return x
    levels = [level or LAST_LEVEL for level in walk.levels]
    order = max(min(ORDER, walk.total - 1), 1)
    past = [Known(walk.predict(0, x), levels[0])]
    for step in range(1, walk.total + 1):
        used = past[: min(order, step, walk.total + 1 - step)]
        step_weights = _Weights(used, levels[step], variant)
        predicted = step_weights.predict(x)
        if step == walk.total:
            return predicted
        denoised = walk.at(predicted, levels[step])
        x = step_weights.correct(x, denoised)
        past = [Known(denoised, levels[step]), *past][:ORDER]
        walk.tell(step, x, denoised)
    return x


def uni_pc_bh2(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, *, seed: Seed = 0, callback: Callback | None = None
) -> Tensor:
    """UniPC with B(h) = exp(h) - 1 instead of h."""
    return uni_pc(denoise, x, sigmas, seed=seed, callback=callback, variant="bh2")


class _Weights:
    """One step from the newest of the known predictions to a level."""

    def __init__(self, known: Sequence[Known], sigma_next: float, variant: Variant) -> None:
        self._newest, self._sigma_next = known[0], sigma_next
        h = math.log(known[0].sigma / sigma_next)
        self._scale = -h if variant == "bh1" else math.expm1(-h)  # B(h)
        places = [math.log(known[0].sigma / old.sigma) / h for old in known[1:]]
        self._changes = [(old.denoised - known[0].denoised) / r for old, r in zip(known[1:], places, strict=True)]
        self._places, self._right = [*places, 1.0], _right_side(-h, self._scale, len(known))

    def predict(self, x: Tensor) -> Tensor:
        """Return x at the level, eq. 3 without the term of the unknown prediction."""
        if not self._changes:
            return self._straight(x)
        weights = [0.5] if len(self._changes) == 1 else self._solve(len(self._changes))
        return self._straight(x) - self._scale * weighted_sum(weights, self._changes)

    def correct(self, x: Tensor, denoised: Tensor) -> Tensor:
        """Return x at the level, now that the prediction there is known (eq. 3)."""
        changes = [*self._changes, denoised - self._newest.denoised]
        weights = [0.5] if len(changes) == 1 else self._solve(len(changes))
        return self._straight(x) - self._scale * weighted_sum(weights, changes)

    def _straight(self, x: Tensor) -> Tensor:
        return step_to(x, self._newest.denoised, self._newest.sigma, self._sigma_next)

    def _solve(self, count: int) -> list[float]:
        """Solve R(h) rho = g(h) / B(h), eq. 5."""
        rows = np.vander(np.array(self._places[:count]), increasing=True).T
        weights: list[float] = np.linalg.solve(rows, np.array(self._right[:count])).tolist()
        return weights


def _right_side(h: float, scale: float, count: int) -> list[float]:
    """Return n! h phi_{n+1}(h) / B(h) for n = 1 … count."""
    values, phi = [], math.expm1(h)
    for n in range(1, count + 1):
        phi = phi / h - 1.0 / math.factorial(n - 1) if n == 1 else phi / h - 1.0 / math.factorial(n)
        values.append(phi * math.factorial(n) / scale)
    return values
