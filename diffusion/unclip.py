"""unCLIP: what CLIP saw in pictures, beside a prompt's words, under noise that takes the details away.

    conditioning = add_picture(conditioning, seen, strength=1.0, noise_augmentation=0.2)
    vector = picture_vector(conditioning[0].extras, width=1024)  # (1, 2048), for the network

Ramesh et al. (2022), "Hierarchical Text-Conditional Image Generation with CLIP Latents"; Stability AI (2023), Stable unCLIP
2.1, which also tells the network how much noise there is. How pictures are put together, and which noise a seed gives, are
ComfyUI's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from diffusion.conditioning import Conditioning, append_extra
from diffusion.errors import DiffusionError

if TYPE_CHECKING:
    from diffusion.clip_vision import VisionOutput

PICTURES, MERGED = "unclip_conditioning", "unclip_noise_augment_merge"  # among the extras of prompts, as in ComfyUI
STEPS = 1000
COSINE_SHIFT, MOST_BETA = 0.008, 0.999  # Nichol & Dhariwal (2021), eq. 17
LONGEST_WAVE = 10_000
EARLIER_SEED = 10  # how far the seed of this noise lies before that of the sampling (ComfyUI)


@dataclass(frozen=True)
class SeenPicture:
    """What was seen in pictures; strength: how much it counts; noise_augmentation: from 0, as it is, to 1, nothing of it."""

    clip_vision_output: VisionOutput
    strength: float = 1.0
    noise_augmentation: float = 0.0

    def __getitem__(self, name: str) -> Any:
        """Return one of them by its name, as packs ask for it."""
        return getattr(self, name)


@dataclass(frozen=True)
class Statistics:
    """The mean and the standard deviation of what CLIP sees, number by number: noise is added where these are 0 and 1."""

    mean: tuple[float, ...] = field(default=(0.0,), repr=False)
    deviation: tuple[float, ...] = field(default=(1.0,), repr=False)

    def noised(self, embeds: Tensor, noise: Tensor, augmentation: float) -> Tensor:
        """Return embeddings (1, width) under noise, and behind them how much there is (1, 2 width)."""
        step = round((STEPS - 1) * augmentation)
        mean, deviation = (embeds.new_tensor(values) for values in (self.mean, self.deviation))
        kept = _kept(step)
        noisy = math.sqrt(kept) * (embeds - mean) / deviation + math.sqrt(1.0 - kept) * noise
        return torch.cat((noisy * deviation + mean, _waves(step, embeds.shape[-1])), dim=1)


PLAIN = Statistics()


def add_picture(
    conditioning: Conditioning, seen: VisionOutput, strength: float, noise_augmentation: float
) -> Conditioning:
    """Let every prompt also want what was seen in pictures, beside what it wants of others."""
    if strength == 0:
        return conditioning
    return append_extra(conditioning, PICTURES, SeenPicture(seen, strength, noise_augmentation))


def picture_vector(
    extras: Mapping[str, Any], width: int | None, statistics: Statistics = PLAIN, merged: float = 0.0
) -> Tensor | None:
    """Return what the network is told of a prompt's pictures (1, 2 width), float32; None if it has none.

    width: of what the network knows of a picture, None if that is not known. merged: the noise_augmentation of several
    together. DiffusionError if the pictures were seen by another network.
    """
    pictures: Sequence[Any] = extras.get(PICTURES, ())
    if not pictures:
        return None
    rows = [(row, picture) for picture in pictures for row in _embeds(picture, width).unsqueeze(1).unbind()]
    size = rows[0][0].shape
    generator = torch.Generator("cpu").manual_seed((extras.get("seed") or 0) - EARLIER_SEED)
    noise = torch.randn(size, generator=generator)
    told: list[Tensor] = [
        statistics.noised(row, noise, each["noise_augmentation"]) * each["strength"] for row, each in rows
    ]
    if len(told) == 1:
        return told[0]
    together = torch.stack(told).sum(0)[:, : size[1]]
    return statistics.noised(together, torch.randn(size, generator=generator), merged)


def _embeds(picture: Any, width: int | None) -> Tensor:
    embeds: Tensor = picture["clip_vision_output"]["image_embeds"].float().cpu()
    if embeds.ndim != 2 or width not in (None, embeds.shape[1]):
        wanted = "one vector of each picture" if width is None else f"one vector of each picture, {width} wide"
        raise DiffusionError(
            f"unCLIPConditioning: the CLIP vision network made {tuple(embeds.shape)} of the pictures; this model takes "
            f"{wanted}. Encode them with the network in the model's checkpoint (unCLIPCheckpointLoader), or for Stable "
            "Diffusion XL with CLIP-G's (CLIPVisionLoader)."
        )
    return embeds


def _kept(step: int) -> float:
    """Return how much of the variance is not noise at a step (alpha bar)."""
    times = torch.arange(STEPS + 1, dtype=torch.float64) / STEPS
    shares = torch.cos((times + COSINE_SHIFT) / (1.0 + COSINE_SHIFT) * math.pi / 2) ** 2
    betas = (1.0 - shares[1:] / shares[:-1]).clamp(max=MOST_BETA)
    return float((1.0 - betas).cumprod(0)[step])


def _waves(step: int, width: int) -> Tensor:
    """Return a step as networks read it (1, width)."""
    rates = torch.exp(-math.log(LONGEST_WAVE) * torch.arange(width // 2, dtype=torch.float32) / (width // 2))
    return torch.cat((torch.cos(step * rates), torch.sin(step * rates))).unsqueeze(0)
