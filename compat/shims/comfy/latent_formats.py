"""ComfyUI's `comfy.latent_formats`: those of models that Weft can load, and of others that share them."""

from __future__ import annotations

from compat.wires.latent_formats import SD3, SD15, SDXL, Flux, LatentFormat

__all__ = ["SD3", "SD15", "SDXL", "Flux", "LatentFormat"]
