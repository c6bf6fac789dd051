"""Pictures of work in progress: how they are made is said with the job, or else at the start of the process."""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image
from torch import Tensor

from diffusion.latents import LatentFormat
from diffusion.models import Vae
from diffusion.preview import preview
from diffusion.tiny_vae import preview_tiny
from graph.run import Run
from nodes.host import host_of

TINY = "taesd"  # --preview-method, and the word that editors send


def previewer(run: Run, latent_format: LatentFormat) -> Callable[[Tensor], Image.Image]:
    """Return what makes a picture of latents in the model's scale."""

    def show(latent: Tensor) -> Image.Image:
        tiny = _tiny(run, latent_format)
        try:
            return preview(latent, latent_format) if tiny is None else preview_tiny(tiny, latent)
        except torch.OutOfMemoryError:  # the network that samples needs it more
            return preview(latent, latent_format)

    return show


def _tiny(run: Run, latent_format: LatentFormat) -> Vae | None:
    """Return the tiny VAE that is to draw latents; None if none is asked for, or there is none of their kind."""
    host, asked = host_of(run), run.extra.get("preview_method")
    method = host.preview_method if asked in (None, "default") else asked
    name = latent_format.tiny_vae
    vae: Vae | None = host.load_tiny_decoder(name) if method == TINY and name is not None else None
    return vae if vae is not None and vae.latent_format.channels == latent_format.channels else None
