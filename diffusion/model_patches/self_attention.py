"""Self-attention guidance: away from what the network gives if the places it looks at are blurred (Hong et al. 2023).

Acts on the negative side. Where the self-attention at the bottom of the network adds up to more than 1, its prediction is
blurred; noised again, it is predicted once more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.model_patches.perturbed_attention import MIDDLE_SELF_ATTENTION
from diffusion.patches import Guess, Remove

THRESHOLD = 1.0  # of the attention that a place gets from all places together
KERNEL = 9  # cells
NEGATIVE = 1


@dataclass(frozen=True)
class SelfAttention:
    """Adds scale times the difference that the blurred details make."""

    scale: float
    blur_sigma: float
    needs_uncond: bool = True

    def watch(self) -> AttentionRecorder:
        """Return a recorder of the attention at the bottom of the network."""
        return AttentionRecorder(MIDDLE_SELF_ATTENTION)

    def refine(self, guess: Guess, denoised: Tensor, watched: Any) -> Tensor:
        """Return the guided latent, pushed away from the prediction of the blurred one."""
        if min(denoised.shape[2:]) <= KERNEL // 2 or watched.scores is None:  # too small to mirror its edges
            return denoised
        mask = attention_mask(watched.scores, denoised.shape[-2], denoised.shape[-1]).to(guess.uncond.dtype)
        blurred = gaussian_blur(guess.uncond, self.blur_sigma)
        degraded = blurred * mask + guess.uncond * (1 - mask)
        again = guess.predict(NEGATIVE, degraded + guess.x - guess.uncond)
        return denoised + (degraded - again) * self.scale


@dataclass
class AttentionRecorder:
    """Keeps the negative side's attention (batch, heads, places, places) of the last call."""

    place: str
    scores: Tensor | None = field(default=None, repr=False)

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Look at what goes into the attention, if the negative side is in the batch."""
        if NEGATIVE not in sides:
            return ()
        index = sides.index(NEGATIVE)

        def record(module: Any, args: tuple[Tensor, ...]) -> None:
            hidden = args[0].chunk(len(sides))[index]
            query, key = (_heads(projection(hidden), module.heads) for projection in (module.to_q, module.to_k))
            self.scores = (query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5).softmax(dim=-1)

        return (backbone.get_submodule(self.place).register_forward_pre_hook(record).remove,)


def attention_mask(scores: Tensor, rows: int, columns: int) -> Tensor:
    """Return (batch, 1, rows, columns), 1 where attention (batch, heads, places, places) adds up to much."""
    attended = scores.mean(dim=1).sum(dim=1) > THRESHOLD
    places = attended.shape[-1]
    height = _nearest_divisor(places, round(math.sqrt(rows / columns * places)))
    grid = attended.reshape(-1, 1, height, places // height).float()
    return functional.interpolate(grid, (rows, columns))


def gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """Blur (batch, channels, rows, columns) with mirrored edges; sigma in cells, 0 changes nothing."""
    if sigma == 0.0:
        return image
    half = KERNEL // 2
    line = torch.exp(-0.5 * (torch.linspace(-half, half, KERNEL) / sigma) ** 2)
    line = (line / line.sum()).to(image)
    kernel = torch.outer(line, line).expand(image.shape[1], 1, KERNEL, KERNEL)
    return functional.conv2d(functional.pad(image, [half] * 4, mode="reflect"), kernel, groups=image.shape[1])


def _heads(x: Tensor, heads: int) -> Tensor:
    return x.float().reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def _nearest_divisor(number: int, wanted: int) -> int:
    """Return the divisor nearest to what is wanted, the larger of two."""
    divisors = (divisor for divisor in range(1, number + 1) if number % divisor == 0)
    return min(divisors, key=lambda divisor: (abs(divisor - wanted), -divisor))
