"""Latent formats as packs know them: classes with a scale and the colours of channels.

format_of(model.latent_format).process_in(samples)
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from diffusion import latents
from diffusion.latents import SD1_RGB_FACTORS, SD1_SCALE, SDXL_RGB_BIAS, SDXL_RGB_FACTORS

Rows = list[list[float]]


class LatentFormat:
    """What all have: latents of the VAE times a factor are those of the model."""

    scale_factor: float = 1.0
    latent_channels = 4
    latent_dimensions = 2
    latent_rgb_factors: Rows | None = None
    latent_rgb_factors_bias: list[float] | None = None
    latent_rgb_factors_reshape: Any = None
    taesd_decoder_name: str | None = None
    spacial_downscale_ratio = 8
    temporal_downscale_ratio = 1

    def process_in(self, latent: Tensor) -> Tensor:
        """Return latents of the VAE in the model's scale."""
        return latent * self.scale_factor

    def process_out(self, latent: Tensor) -> Tensor:
        """Return latents of the model in the VAE's scale."""
        return latent / self.scale_factor

    def fix_empty_latent(self, latent: Tensor) -> Tensor:
        """Return an empty latent as it is."""
        return latent


class SD15(LatentFormat):
    """That of Stable Diffusion 1."""

    def __init__(self, scale_factor: float = SD1_SCALE) -> None:
        self.scale_factor = scale_factor
        self.latent_rgb_factors = [list(row) for row in SD1_RGB_FACTORS]
        self.taesd_decoder_name = "taesd_decoder"


class SDXL(LatentFormat):
    """That of SDXL."""

    scale_factor = 0.13025  # Podell et al. (2023); sdxl.yaml

    def __init__(self) -> None:
        self.latent_rgb_factors = [list(row) for row in SDXL_RGB_FACTORS]
        self.latent_rgb_factors_bias = list(SDXL_RGB_BIAS)
        self.taesd_decoder_name = "taesdxl_decoder"


class Shifted(LatentFormat):
    """One whose latents are moved, too."""

    shift_factor = 0.0
    latent_channels = 16

    def process_in(self, latent: Tensor) -> Tensor:
        """Return latents of the VAE in the model's scale."""
        return (latent - self.shift_factor) * self.scale_factor

    def process_out(self, latent: Tensor) -> Tensor:
        """Return latents of the model in the VAE's scale."""
        return latent / self.scale_factor + self.shift_factor


class SD3(Shifted):
    """That of Stable Diffusion 3 (the VAE's config.json)."""

    scale_factor, shift_factor = 1.5305, 0.0609


class Flux(SD3):
    """That of Flux 1 (the VAE's config.json)."""

    scale_factor, shift_factor = 0.3611, 0.1159


class Shown(LatentFormat):
    """That of a model here."""

    def __init__(self, source: latents.LatentFormat) -> None:
        self.source = source
        self.scale_factor, self.latent_channels = source.scale_factor, source.channels
        self.latent_dimensions = 3 if source.has_frames else 2
        self.spacial_downscale_ratio = source.spatial_downscale
        self.latent_rgb_factors = [list(row) for row in source.rgb_factors]
        self.latent_rgb_factors_bias = None if source.rgb_bias is None else list(source.rgb_bias)

    def process_in(self, latent: Tensor) -> Tensor:
        """Return latents of the VAE in the model's scale."""
        return self.source.process_in(latent)

    def process_out(self, latent: Tensor) -> Tensor:
        """Return latents of the model in the VAE's scale."""
        return self.source.process_out(latent)


def format_of(source: latents.LatentFormat) -> LatentFormat:
    """Return the object that packs know for a format."""
    known = [made for made in (SD15(), SDXL()) if _is_that(made, source)]
    return known[0] if known else Shown(source)


def _is_that(known: LatentFormat, source: latents.LatentFormat) -> bool:
    return type(source) is latents.LatentFormat and (known.scale_factor, known.latent_channels) == (
        source.scale_factor,
        source.channels,
    )
