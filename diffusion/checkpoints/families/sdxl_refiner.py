"""The refiner of Stable Diffusion XL: a U-Net for the last steps, read to by bigG alone, and told how well it is to look.

Podell et al. (2023), section 2.5. The aesthetic score takes the place of the size that is aimed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from diffusion.adapters import Given, SizedUNetAdapter
from diffusion.checkpoints.families.sdxl import COMMON, KIND, LATENTS, USUAL_G, takes_score
from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.clip_text import open_clip_keys
from diffusion.checkpoints.networks.unet import adapter_for, read_unet, unet_part
from diffusion.checkpoints.signature import Relation, Signature
from diffusion.clip import CLIP_G
from diffusion.conditioning import Cond
from diffusion.parameterization import Parameterization
from diffusion.text.readers import ClipReader, clip_tokenizer

TEXT = "conditioner.embedders.0.model."  # where the text encoder lies in files that are written
GOOD, BAD = 6.0, 2.5  # scores where prompts have none: of the positive side, and of the negative (ComfyUI)

SIGNATURE = Signature((*COMMON, Relation(takes_score, "the sizes are those of SDXL's base")))


@dataclass(frozen=True)
class ScoredUNetAdapter(SizedUNetAdapter):
    """Tells the pooled prompt, size, crop and aesthetic score: the prompt's `aesthetic_score`, or one for its side."""

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return the pooled prompt and five numbers (1, 5)."""
        given = super().prepare(cond, shape)
        sizes = given["time_ids"]
        assert isinstance(sizes, Tensor)
        usual = BAD if cond.extras.get("prompt_type") == "negative" else GOOD
        score = torch.tensor([[float(cond.extras.get("aesthetic_score", usual))]])
        return {**given, "time_ids": torch.cat((sizes[:, :4], score), dim=1)}


def read(header: Header, prefix: str) -> Backbone:
    """Read the U-Net's sizes."""
    sizes = read_unet(header, prefix)
    latent_format = replace(LATENTS, channels=sizes.out_channels)
    return Backbone(
        unet_part(sizes, KIND, prefix),
        Parameterization("eps"),
        latent_format,
        adapter_for(header, sizes, ScoredUNetAdapter(), latent_format),
        context_width=sizes.context_width,
    )


TEXTS = Texts({CLIP_G: lambda weights: ClipReader(clip_tokenizer(), USUAL_G)})
WRITTEN = {CLIP_G: lambda module: open_clip_keys(module, TEXT)}
FAMILY = Family(
    "sdxl_refiner",
    "Stable Diffusion XL Refiner",
    SIGNATURE,
    read,
    TEXTS,
    clip_types=("sdxl", "stable_diffusion"),
    written=WRITTEN,
)
