"""Stable Diffusion 3 and 3.5: a transformer over picture and text together, three text encoders, 16 channels.

Esser et al. (2024). CLIP-L's and bigG's vectors side by side, padded with zeros to T5's width, come before T5's; the pooled
prompts of both CLIPs lie side by side. Each encoder may be left out; zeros stand for CLIP's part then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.checkpoints.encoders.t5 import t5_reader
from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.mmdit import mmdit_part, read_mmdit
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.clip import CLIP_G, CLIP_L, T5_XXL
from diffusion.conditioning import Cond
from diffusion.latent_formats import SD3_MEAN, SD3_SCALE
from diffusion.latent_kinds import SD3
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.sd3 import SD3Adapter
from diffusion.text.encoders import Encoded, Usual
from diffusion.text.readers import ClipReader, clip_tokenizer
from diffusion.text.tokenizer import CHUNK_LENGTH

SHIFT = 3.0  # of its noise levels (Esser et al. 2024, figure 6)
LEAST_TOKENS = 77  # of T5 (ComfyUI)
WIDTHS: Mapping[str, int] = {CLIP_L: 768, CLIP_G: 1280, T5_XXL: 4096}  # where an encoder is left out
USUAL_L = Usual(layer=-2, is_normed=False, is_projected=False)
USUAL_G = Usual(layer=-2, is_normed=False, padding=0)
RGB_FACTORS = (  # a linear fit of pictures to latents (the numbers that ComfyUI uses)
    (-0.0922, -0.0175, 0.0749),
    (0.0311, 0.0633, 0.0954),
    (0.1994, 0.0927, 0.0458),
    (0.0856, 0.0339, 0.0902),
    (0.0587, 0.0272, -0.0496),
    (-0.0006, 0.1104, 0.0309),
    (0.0978, 0.0306, 0.0427),
    (-0.0042, 0.1038, 0.1358),
    (-0.0194, 0.0020, 0.0669),
    (-0.0488, 0.0130, -0.0268),
    (0.0922, 0.0988, 0.0951),
    (-0.0278, 0.0524, -0.0542),
    (0.0332, 0.0456, 0.0895),
    (-0.0069, -0.0030, -0.0810),
    (-0.0596, -0.0465, -0.0293),
    (-0.1448, -0.1463, -0.1189),
)
RGB_BIAS = (0.2394, 0.2135, 0.1925)

SIGNATURE = Signature(
    (
        Required(("joint_blocks.0.context_block.attn.qkv.weight",), ndim=2),
        Required(("x_embedder.proj.weight",), ndim=4),
        Required(("y_embedder.mlp.0.weight",), ndim=2),
        Required(("pos_embed",), ndim=3),
        Required(("final_layer.linear.weight",), ndim=2),
        Forbidden("context_processor.", "a relative of SD3 that works on the prompt first"),
    )
)


@dataclass(frozen=True)
class ClipsThenT5:
    """Joins the vectors of two CLIPs side by side with those of T5 behind them."""

    def join(self, encoded: Mapping[str, Encoded]) -> Cond:
        """Return the conditioning: (1, 154 and more, 4096) and (1, 2048) for the sizes of SD3."""
        width = encoded[T5_XXL].embedding.shape[-1] if T5_XXL in encoded else WIDTHS[T5_XXL]
        parts = [_side_by_side(encoded, width)] if CLIP_L in encoded or CLIP_G in encoded else []
        if T5_XXL in encoded:
            parts.append(encoded[T5_XXL].embedding)
        embedding = torch.cat(parts, dim=1) if parts else torch.zeros(1, CHUNK_LENGTH, width)
        return Cond(embedding, torch.cat([_pooled(encoded, kind) for kind in (CLIP_L, CLIP_G)], dim=-1))

    def width(self, widths: Mapping[str, int]) -> int:
        """Return T5's, to which all are padded."""
        return widths.get(T5_XXL, WIDTHS[T5_XXL])


def _side_by_side(encoded: Mapping[str, Encoded], width: int) -> Tensor:
    """Return CLIP-L's vectors and bigG's beside each other, with zeros up to a width."""
    found = [encoded[kind].embedding for kind in (CLIP_L, CLIP_G) if kind in encoded]
    tokens = min(part.shape[1] for part in found)
    missing = torch.zeros(1, tokens, WIDTHS[CLIP_L])
    parts = [part[:, :tokens] for part in found] if CLIP_L in encoded else [missing, *found]
    joined = torch.cat(parts, dim=-1)
    return functional.pad(joined, (0, width - joined.shape[-1]))


def _pooled(encoded: Mapping[str, Encoded], kind: str) -> Tensor:
    pooled = encoded[kind].pooled if kind in encoded else None
    return torch.zeros(1, WIDTHS[kind]) if pooled is None else pooled


def read(header: Header, prefix: str) -> Backbone:
    """Read the transformer's sizes."""
    sizes = read_mmdit(header, prefix)
    latent_format = LatentFormat(
        channels=sizes.channels,
        scale_factor=SD3_SCALE,
        shift_factor=SD3_MEAN,
        rgb_factors=RGB_FACTORS,
        rgb_bias=RGB_BIAS,
        tiny_vae="taesd3",
        kinds=(SD3,),
    )
    return Backbone(
        mmdit_part(sizes, prefix),
        Parameterization("flow", shift=SHIFT),
        latent_format,
        SD3Adapter(sizes.patch, sizes.table),
        context_width=sizes.context_width,
    )


TEXTS = Texts(
    {
        CLIP_L: lambda weights: ClipReader(clip_tokenizer(), USUAL_L),
        CLIP_G: lambda weights: ClipReader(clip_tokenizer(), USUAL_G),
        T5_XXL: lambda weights: t5_reader(weights, LEAST_TOKENS),
    },
    ClipsThenT5(),
    optional=frozenset((CLIP_L, CLIP_G, T5_XXL)),
)
FAMILY = Family("sd3", "Stable Diffusion 3", SIGNATURE, read, TEXTS, clip_types=("sd3",))
