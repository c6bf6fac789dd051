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
from diffusion.checkpoints.networks.clip_text import open_clip_keys, unprojected_keys
from diffusion.checkpoints.networks.unet import Kind, adapter_for, read_unet, unet_part
from diffusion.checkpoints.peek import peek
from diffusion.checkpoints.signature import Forbidden, Relation, Required, Signature
from diffusion.clip import CLIP_G, CLIP_L
from diffusion.conditioning import Cond
from diffusion.errors import CheckpointError
from diffusion.latent_kinds import SDXL
from diffusion.latents import SDXL_RGB_BIAS, SDXL_RGB_FACTORS, LatentFormat
from diffusion.levels import DiscreteLevels, LogarithmicLevels
from diffusion.parameterization import Parameterization
from diffusion.text.encoders import Encoded, Usual
from diffusion.text.readers import ClipReader, clip_tokenizer

TEXT_L, TEXT_G = "conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model."  # in files written
KIND = Kind(head_width=64)
SCALE = 0.13025  # 1 / standard deviation of its latents (sdxl_base.yaml)
LATENTS = LatentFormat(
    scale_factor=SCALE,
    rgb_factors=SDXL_RGB_FACTORS,
    rgb_bias=SDXL_RGB_BIAS,
    tiny_vae="taesdxl",
    kinds=(SDXL,),
)
USUAL_L = Usual(layer=-2, is_normed=False)
USUAL_G = Usual(layer=-2, is_normed=False, padding=0)
LINEAR = tuple(
    f"{place}.1.proj_in.weight" for place in ("middle_block", "input_blocks.3", "input_blocks.4", "input_blocks.5")
)
PLAYGROUND_KEYS = ("edm_mean", "edm_std")
EDM_MAX_KEY, EDM_MIN_KEY = "edm_vpred.sigma_max", "edm_vpred.sigma_min"  # numbers in the file (CosXL)
EDM_MAX, EDM_MIN = 120.0, 0.002  # where a file has none of its own
ZERO_SNR_KEY = "ztsnr"  # an empty tensor of this name says that the levels reach pure noise


def takes_score(header: Header, prefix: str) -> bool:
    """Return whether a network is told five numbers beside the pooled prompt, which is as wide as its context.

    So is the refiner, which has one text encoder; the base is told six.
    """
    ends = (key for key in header.tensors if key.startswith(prefix) and key.endswith("attn2.to_k.weight"))
    context = header.required_shape(next(ends, f"{prefix}attn2.to_k.weight"))[1]
    return header.required_shape(f"{prefix}label_emb.0.0.weight")[1] == context + 5 * KIND.time_ids_width


COMMON = (
    Required(("input_blocks.0.0.weight",), ndim=4),
    Required(("label_emb.0.0.weight",), ndim=2),
    Required(LINEAR, ndim=2),
    Required(("out.2.weight",), ndim=4),
    Forbidden("input_blocks.1.1.", "unCLIP of Stable Diffusion 2, or Stable Video Diffusion"),
)
SIGNATURE = Signature(
    (*COMMON, Relation(lambda header, prefix: not takes_score(header, prefix), "the sizes are those of SDXL's refiner"))
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
    if all(key in header.tensors for key in PLAYGROUND_KEYS):
        raise CheckpointError(f"{header.path.name}: this is Playground 2.5, which is not supported.")
    is_edm = EDM_MAX_KEY in header.tensors
    latent_format = replace(LATENTS, channels=sizes.out_channels)
    return Backbone(
        unet_part(sizes, KIND, prefix),
        _parameterization(header),
        latent_format,
        adapter_for(header, sizes, SizedUNetAdapter(), latent_format, latent_format if is_edm else None),
        context_width=sizes.context_width,
    )


def _parameterization(header: Header) -> Parameterization:
    if EDM_MAX_KEY in header.tensors:
        low, high = _number(header, EDM_MIN_KEY, EDM_MIN), _number(header, EDM_MAX_KEY, EDM_MAX)
        return Parameterization("v", levels=LogarithmicLevels(low, high))
    if not predicts_v(header):
        return Parameterization("eps")
    return Parameterization("v", levels=DiscreteLevels(zsnr=ZERO_SNR_KEY in header.tensors))


def _number(header: Header, key: str, default: float) -> float:
    value = peek(header, key)
    return default if value is None else float(value)


TEXTS = Texts(
    {
        CLIP_L: lambda weights: ClipReader(clip_tokenizer(), USUAL_L),
        CLIP_G: lambda weights: ClipReader(clip_tokenizer(), USUAL_G),
    },
    SideBySide(),
)
WRITTEN = {
    CLIP_L: lambda module: unprojected_keys(module, TEXT_L),
    CLIP_G: lambda module: open_clip_keys(module, TEXT_G),
}
FAMILY = Family(
    "sdxl", "Stable Diffusion XL", SIGNATURE, read, TEXTS, clip_types=("sdxl", "stable_diffusion"), written=WRITTEN
)
