"""NOISE: SeedNoise and EmptyNoise here; in packs objects with a seed and `generate_noise` of a latent's dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from compat.wires import latent as latents
from diffusion.forward import EmptyNoise, LatentNoise, SeedNoise
from diffusion.latents import Latent
from diffusion.noise import prepare_noise


class RandomNoise:
    """ComfyUI's Noise_RandomNoise: noise of a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        """Return standard normal noise for a latent, on the CPU."""
        return prepare_noise(input_latent["samples"], self.seed, input_latent.get("batch_index"))


class NoNoise:
    """ComfyUI's Noise_EmptyNoise."""

    def __init__(self) -> None:
        self.seed = 0

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        """Return zeros."""
        return torch.zeros_like(input_latent["samples"], device="cpu")


@dataclass(frozen=True, eq=False)
class PackNoise:
    """A pack's noise as operators use it (diffusion.forward.LatentNoise)."""

    source: Any

    @property
    def seed(self) -> int:
        """The seed that it says it has."""
        return int(getattr(self.source, "seed", 0))

    def generate(self, latent: Latent) -> Tensor:
        """Return noise of the latent's shape."""
        noise: Tensor = self.source.generate_noise(latents.to_pack(latent))
        return noise


def to_pack(noise: LatentNoise) -> Any:
    """Return what packs know of the kind; a pack's own noise as it was."""
    if isinstance(noise, PackNoise):
        return noise.source
    return RandomNoise(noise.seed) if isinstance(noise, SeedNoise) else NoNoise()


def from_pack(value: Any) -> Any:
    """Return noise as operators use it; anything without `generate_noise` as it is."""
    if type(value) is RandomNoise:
        return SeedNoise(value.seed)
    if type(value) is NoNoise:
        return EmptyNoise(value.seed)
    return PackNoise(value) if hasattr(value, "generate_noise") else value
