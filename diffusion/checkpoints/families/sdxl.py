"""Stable Diffusion XL: a wider U-Net that is told the picture's size, two text encoders, SD1's kind of VAE.

Podell et al. (2023). The text encoders are OpenAI's CLIP-L and open_clip's bigG; the last layer but one of each is taken,
without the final layer norm, and the pooled prompt is bigG's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from diffusion.adapters import SizedUNetAdapter
from diffusion.checkpoints.families.sd1 import PREDICTION_KEY, UNET, V_PREDICTION, VAE
from diffusion.checkpoints.family import Family, Parts, TextPart
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.clip_text import open_clip_part, read_open_clip, read_text, text_part
from diffusion.checkpoints.networks.kl_vae import read_vae, vae_part
from diffusion.checkpoints.networks.unet import Kind, read_unet, unet_part
from diffusion.checkpoints.signature import Required, Signature
from diffusion.clip import CLIP_G, CLIP_L
from diffusion.conditioning import Cond
from diffusion.errors import CheckpointError
from diffusion.latents import SDXL_RGB_BIAS, SDXL_RGB_FACTORS, LatentFormat
from diffusion.levels import DiscreteLevels
from diffusion.parameterization import Parameterization
from diffusion.text.encoders import Encoded, Usual
from diffusion.text.readers import ClipReader, clip_tokenizer

TEXT_L = "conditioner.embedders.0.transformer.text_model."
TEXT_G = "conditioner.embedders.1.model."
KIND = Kind(head_width=64)
SCALE = 0.13025  # 1 / standard deviation of its latents (sdxl_base.yaml)
USUAL_L = Usual(layer=-2, is_normed=False)
USUAL_G = Usual(layer=-2, is_normed=False, padding=0)
ZERO_SNR_KEY = "ztsnr"  # an empty tensor of this name says that the levels reach pure noise

SIGNATURE = Signature(
    (
        Required((f"{UNET}input_blocks.0.0.weight",), ndim=4),
        Required((f"{UNET}label_emb.0.0.weight",), ndim=2),
        Required((f"{UNET}middle_block.1.proj_in.weight",), ndim=2),
        Required((f"{UNET}out.2.weight",), ndim=4),
        Required((f"{VAE}decoder.conv_in.weight",), ndim=4),
        Required((f"{TEXT_L}embeddings.token_embedding.weight",), ndim=2),
        Required((f"{TEXT_G}token_embedding.weight",), ndim=2),
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


def read(header: Header) -> Parts:
    """Read the sizes of the four networks; CheckpointError if they do not fit together."""
    unet, vae = read_unet(header, UNET), read_vae(header, VAE)
    small, large = read_text(header, TEXT_L), read_open_clip(header, TEXT_G)
    if unet.context_width != small.width + large.width:
        raise CheckpointError(
            f"{header.path.name}: the U-Net attends to vectors {unet.context_width} wide, the text encoders make "
            f"{small.width} + {large.width}; the parts of this file do not belong together."
        )
    kind = KIND._replace(time_ids_width=(unet.vector_width - large.projection) // 6)
    return Parts(
        backbone=unet_part(unet, kind, UNET),
        text=(
            TextPart(CLIP_L, text_part(small, "quick_gelu", TEXT_L), lambda: ClipReader(clip_tokenizer(), USUAL_L)),
            TextPart(CLIP_G, open_clip_part(large, "gelu", TEXT_G), lambda: ClipReader(clip_tokenizer(), USUAL_G)),
        ),
        vae=vae_part(vae, VAE),
        parameterization=_parameterization(header),
        latent_format=LatentFormat(
            channels=vae.latent_channels,
            scale_factor=SCALE,
            spatial_downscale=vae.downscale,
            rgb_factors=SDXL_RGB_FACTORS,
            rgb_bias=SDXL_RGB_BIAS,
            tiny_vae="taesdxl",
        ),
        adapter=SizedUNetAdapter(vae.downscale),
        joiner=SideBySide(),
    )


def _parameterization(header: Header) -> Parameterization:
    is_v = header.metadata.get(PREDICTION_KEY, "").lower() in V_PREDICTION or "v_pred" in header.tensors
    if not is_v:
        return Parameterization("eps")
    return Parameterization("v", levels=DiscreteLevels(zsnr=ZERO_SNR_KEY in header.tensors))


FAMILY = Family("sdxl", "Stable Diffusion XL", SIGNATURE, read)
