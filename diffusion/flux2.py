"""How Flux.2's transformer is called: a token for each cell of the latent, which its VAE packs, and places in the text.

Flux2Adapter(latent_format, has_guidance=True)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.adapters import Given
from diffusion.conditioning import Cond
from diffusion.flux import exact_time, guidance_of, images_of, references_of
from diffusion.latents import LatentFormat
from diffusion.levels import TIMESTEPS
from diffusion.tokens import latent_of

AXES, INDEX_STEP = 4, 10.0  # of places; references lie so far apart (BFL's flux2)
LEAST_TOKENS = 512  # of the text; zeros stand before fewer (ComfyUI)


@dataclass(frozen=True)
class Flux2Adapter:
    """Flux.2's: a token for each cell, references in pictures of their own, ten apart, and places in the text."""

    latent_format: LatentFormat
    has_guidance: bool
    repeats_contexts: bool = False
    planes: frozenset[str] = frozenset()

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return guidance and references."""
        return (guidance_of(cond) if self.has_guidance else {}) | references_of(cond, self.latent_format, "index")

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output; prompts of fewer than 512 tokens get zeros before them (ComfyUI)."""
        network: Any = backbone
        images, places = images_of(x, given, patch=1, axes=AXES, step=INDEX_STEP)
        context = functional.pad(context, (0, 0, max(0, LEAST_TOKENS - context.shape[1]), 0))
        words = places.new_zeros(context.shape[1], AXES)
        words[:, -1] = torch.arange(context.shape[1], device=x.device)
        with exact_time(network.time_guidance_embed, timestep):
            output: Tensor = network(
                images,
                encoder_hidden_states=context,
                timestep=timestep / TIMESTEPS,
                img_ids=places,
                txt_ids=words,
                guidance=given.get("guidance"),
                return_dict=False,
            )[0]
        return latent_of(output, x.shape, 1)
