"""Stable Diffusion XL: a wider U-Net that is told the picture's size, two text encoders, SD1's kind of VAE.

Podell et al. (2023). The text encoders are OpenAI's CLIP-L and open_clip's bigG; the last layer but one of each is taken,
without the final layer norm, and the pooled prompt is bigG's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from diffusion.adapters import SizedUNetAdapter
from diffusion.checkpoints.families.sd1 import predicts_v
from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.unet import Kind, adapter_for, read_unet, unet_part
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.clip import CLIP_G, CLIP_L
from diffusion.conditioning import Cond
from diffusion.latents import SDXL_RGB_BIAS, SDXL_RGB_FACTORS, LatentFormat
from diffusion.levels import DiscreteLevels
from diffusion.parameterization import Parameterization
from diffusion.text.encoders import Encoded, Usual
from diffusion.text.readers import ClipReader, clip_tokenizer

KIND = Kind(head_width=64)
SCALE = 0.13025  # 1 / standard deviation of its latents (sdxl_base.yaml)
LATENTS = LatentFormat(scale_factor=SCALE, rgb_factors=SDXL_RGB_FACTORS, rgb_bias=SDXL_RGB_BIAS, tiny_vae="taesdxl")
USUAL_L = Usual(layer=-2, is_normed=False)
USUAL_G = Usual(layer=-2, is_normed=False, padding=0)
ZERO_SNR_KEY = "ztsnr"  # an empty tensor of this name says that the levels reach pure noise

SIGNATURE = Signature(
    (
        Required(("input_blocks.0.0.weight",), ndim=4),
        Required(("label_emb.0.0.weight",), ndim=2),
        Forbidden("input_blocks.1.1.", "unCLIP of Stable Diffusion 2, or Stable Video Diffusion"),
        Required(("middle_block.1.proj_in.weight",), ndim=2),
        Required(("out.2.weight",), ndim=4),
    )
)


@dataclass(frozen=True)
class SideBySide:
    """Joins CLIP-L's vectors and bigG's into wider ones; the pooled prompt is bigG's."""

    def join(self, encoded: Mapping[str, Encoded]) -> Cond:
        """Return the conditioning: (1, tokens, 768 + 1280) and (1, 1280) for the sizes of SDXL."""
        parts = [encoded[kind].embedding for kind in (CLIP_L, CLIP_G)]
        tokens = min(part.shape[1] for part in parts)
        return Cond(torch.cat([part[:, :tokens] for part in parts], dim=-1), encoded[CLIP_G].pooled)

    def width(self, widths: Mapping[str, int]) -> int:
        """Return the sum."""
        return sum(widths.values())


def read(header: Header, prefix: str) -> Backbone:
    """Read the U-Net's sizes."""
    sizes = read_unet(header, prefix)
    latent_format = replace(LATENTS, channels=sizes.out_channels)
    return Backbone(
        unet_part(sizes, KIND, prefix),
        _parameterization(header),
        latent_format,
        adapter_for(header, sizes, SizedUNetAdapter(), latent_format),
        context_width=sizes.context_width,
    )


def _parameterization(header: Header) -> Parameterization:
    if not predicts_v(header):
        return Parameterization("eps")
    return Parameterization("v", levels=DiscreteLevels(zsnr=ZERO_SNR_KEY in header.tensors))


TEXTS = Texts(
    {
        CLIP_L: lambda weights: ClipReader(clip_tokenizer(), USUAL_L),
        CLIP_G: lambda weights: ClipReader(clip_tokenizer(), USUAL_G),
    },
    SideBySide(),
)
FAMILY = Family("sdxl", "Stable Diffusion XL", SIGNATURE, read, TEXTS, clip_types=("sdxl", "stable_diffusion"))
