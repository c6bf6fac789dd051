"""Flux.1 (Black Forest Labs 2024): a flow transformer on tokens of 2x2 cells, CLIP-L's pooled prompt, T5-XXL's tokens.

dev is told a strength of guidance, schnell is not; fill, depth, canny and Kontext are dev with more beside the latent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from diffusion.adapters import Adapter
from diffusion.beside import BesideAdapter
from diffusion.checkpoints.encoders.t5 import t5_reader
from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.flux import FluxSizes, flux_part, norm_leaf, read_flux
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.clip import CLIP_L, T5_XXL
from diffusion.conditioning import Cond
from diffusion.flux import PATCH, FluxAdapter, FluxBeside
from diffusion.latent_formats import FLUX
from diffusion.latents import LatentFormat
from diffusion.levels import FLUX_LEVELS, FlowLevels
from diffusion.parameterization import Parameterization
from diffusion.text.encoders import Encoded, Usual
from diffusion.text.readers import ClipReader, clip_tokenizer

DEV_SHIFT = math.exp(1.15)  # for 4096 tokens; ModelSamplingFlux fits it to a size (ComfyUI)
LEAST_TOKENS = 256  # of T5 (ComfyUI)
USUAL_L = Usual(is_projected=False)
CELLS = PATCH * PATCH  # in a token

SIGNATURE = Signature(
    (
        Required(("img_in.weight",), ndim=2),
        Required(("vector_in.in_layer.weight",), ndim=2),
        Required(("double_blocks.0.img_attn.qkv.weight",), ndim=2),
        Required(("double_blocks.0.img_mod.lin.weight",), ndim=2),
        Required(("single_blocks.0.linear1.weight",), ndim=2),
        Required(("final_layer.linear.weight",), ndim=2),
        Forbidden("distilled_guidance_layer.", "Chroma"),
        Forbidden("double_stream_modulation_img.", "Flux.2"),
    )
)


@dataclass(frozen=True)
class TokensAndPooled:
    """Joins T5's vectors and CLIP's pooled prompt."""

    def join(self, encoded: Mapping[str, Encoded]) -> Cond:
        """Return the conditioning: (1, tokens, 4096) and (1, 768) for the sizes of Flux."""
        return Cond(encoded[T5_XXL].embedding, encoded[CLIP_L].pooled)

    def width(self, widths: Mapping[str, int]) -> int:
        """Return T5's width."""
        return widths[T5_XXL]


def read(header: Header, prefix: str) -> Backbone:
    """Read the transformer's sizes."""
    sizes = read_flux(header, prefix)
    latent_format = replace(FLUX, channels=sizes.out_channels // CELLS)
    return Backbone(
        flux_part(sizes, prefix, norm_leaf(header, prefix)),
        parameterization(is_dev=sizes.has_guidance),
        latent_format,
        adapter_for(sizes, latent_format),
        context_width=sizes.context_width,
    )


def adapter_for(sizes: FluxSizes, latent_format: LatentFormat) -> Adapter:
    """Return how a network is called: with a picture beside the latent if it has room for one, with a mask if for more."""
    adapter = FluxAdapter(latent_format, sizes.pooled_width, sizes.has_guidance)
    pictures = sizes.in_channels // sizes.out_channels  # that fit, the latent one of them
    return BesideAdapter(adapter, FluxBeside(latent_format, has_mask=pictures > 2)) if pictures > 1 else adapter


def parameterization(*, is_dev: bool) -> Parameterization:
    """Return the noise levels of dev, or of schnell."""
    if not is_dev:
        return Parameterization("flow")
    return Parameterization("flow", DEV_SHIFT, FlowLevels(DEV_SHIFT, FLUX_LEVELS))


TEXTS = Texts(
    {
        CLIP_L: lambda weights: ClipReader(clip_tokenizer(), USUAL_L),
        T5_XXL: lambda weights: t5_reader(weights, LEAST_TOKENS),
    },
    TokensAndPooled(),
)
FAMILY = Family("flux", "Flux.1", SIGNATURE, read, TEXTS, clip_types=("flux",))
