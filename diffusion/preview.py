"""A small picture of a latent without the VAE: every cell becomes one pixel through a 4 x 3 matrix of its family.

picture = preview(step.denoised, model.latent_format)  # PIL image, as many pixels as the latent has cells
"""

from __future__ import annotations

import math

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from diffusion.latents import LatentFormat


def preview(latent: Tensor, latent_format: LatentFormat) -> Image.Image:
    """Return the first latent of a batch (batch, channels, rows, columns), in the model's scale, as an RGB picture."""
    return Image.fromarray(preview_rgb(latent, latent_format).mul(255).to(torch.uint8).numpy())


def preview_rgb(latent: Tensor, latent_format: LatentFormat) -> Tensor:
    """Return (rows, columns, 3) in 0..1 on the CPU."""
    first = latent[0] if latent.ndim == 4 else latent[0, :, 0]  # of several frames
    cells = _unpacked(first.detach().to("cpu", torch.float32), len(latent_format.rgb_factors)).movedim(0, -1)
    factors = torch.tensor(latent_format.rgb_factors, dtype=torch.float32).T
    bias = None if latent_format.rgb_bias is None else torch.tensor(latent_format.rgb_bias, dtype=torch.float32)
    rgb = functional.linear(cells, factors, bias)
    return ((rgb + 1.0) / 2.0).clamp(0, 1)


def _unpacked(cells: Tensor, channels: int) -> Tensor:
    """Lay out cells that hold several smaller ones (Flux.2: 128 channels, four cells of 32) in the plane."""
    return functional.pixel_shuffle(cells, math.isqrt(max(1, cells.shape[0] // channels)))
