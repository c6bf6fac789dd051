"""Stable Diffusion 2: SD1's U-Net with linear projections and heads of one width, read to by CLIP-H.

Stability AI (2022), v2-inference.yaml and v2-inference-v.yaml. The last layer but one of the text encoder is taken, through
the final layer norm. The larger models predict v, which their files do not say.
"""

from __future__ import annotations

import re

from diffusion.checkpoints.families.sd1 import predicts_v, says_prediction
from diffusion.checkpoints.family import UNET, Backbone, Family, Texts
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.clip_text import open_clip_keys
from diffusion.checkpoints.networks.unet import Kind, UnetSizes, adapter_for, read_unet, unet_part
from diffusion.checkpoints.peek import peek
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.clip import CLIP_H
from diffusion.latent_kinds import SD1
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization, Prediction
from diffusion.text.encoders import Usual
from diffusion.text.readers import ClipReader, clip_tokenizer

TEXT = "cond_stage_model.model."  # where the text encoder lies in files that are written
KIND = Kind(head_width=64)
V_SPREAD = 0.09  # standard deviation of a bias near the end; ComfyUI takes what is above it for a model that predicts v
USUAL, WITHOUT_LAST = Usual(layer=-2, padding=0), Usual(padding=0)
LAYERS_WITHOUT_LAST = 23  # of 24: exports of diffusers leave out the layer that is not used
LAYER = re.compile(r"transformer\.resblocks\.(\d+)\.ln_1\.weight|encoder\.layers\.(\d+)\.layer_norm1\.weight")

COMMON = (
    Required(("input_blocks.0.0.weight",), ndim=4),
    Required(("time_embed.0.weight",), ndim=2),
    Required(("middle_block.1.proj_in.weight",), ndim=2),  # SD1 has 1x1 convolutions here
    Required(("middle_block.1.transformer_blocks.0.attn2.to_k.weight",), ndim=2),
    Required(("out.2.weight",), ndim=4),
    Forbidden("input_blocks.1.1.time_stack.", "Stable Video Diffusion"),
)
SIGNATURE = Signature((*COMMON, Forbidden("label_emb.", "SDXL, or unCLIP of Stable Diffusion 2")))


def read(header: Header, prefix: str) -> Backbone:
    """Read the U-Net's sizes; it may be one for inpainting."""
    sizes = read_unet(header, prefix)
    latent_format = LatentFormat(channels=sizes.out_channels, kinds=(SD1,))
    return Backbone(
        unet_part(sizes, KIND, prefix),
        Parameterization(prediction_of(header, prefix, sizes)),
        latent_format,
        adapter_for(header, sizes, UNET, latent_format),
        context_width=sizes.context_width,
    )


def prediction_of(header: Header, prefix: str, sizes: UnetSizes) -> Prediction:
    """Return what a network predicts, as the file says it or as its weights show it."""
    if says_prediction(header):
        return "v" if predicts_v(header) else "eps"
    if sizes.in_channels != sizes.out_channels:  # those for inpainting all predict eps
        return "eps"
    blocks = f"{prefix}output_blocks.", ".1.transformer_blocks.0.norm1.bias"
    last = max(header.numbers(*blocks), default=0)
    bias = peek(header, str(last).join(blocks))
    return "v" if bias is not None and float(bias.std(unbiased=False)) > V_SPREAD else "eps"


def usual(header: Header) -> Usual:
    """Return how the text encoder of a file is read; one without its last layer gives its own last."""
    numbers = {found.group(1) or found.group(2) for found in map(LAYER.search, header.tensors) if found}
    return WITHOUT_LAST if len(numbers) == LAYERS_WITHOUT_LAST else USUAL


TEXTS = Texts({CLIP_H: lambda weights: ClipReader(clip_tokenizer(), usual(weights.header))})
WRITTEN = {CLIP_H: lambda module: open_clip_keys(module, TEXT)}
FAMILY = Family("sd2", "Stable Diffusion 2", SIGNATURE, read, TEXTS, clip_types=("stable_diffusion",), written=WRITTEN)
