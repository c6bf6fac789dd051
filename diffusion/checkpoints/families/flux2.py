"""Flux.2 (Black Forest Labs 2025): dev, read by Mistral Small 3, and klein, read by Qwen3 of 4B or 8B.

A prompt is a message of a chat; the states after three layers of the language model lie side by side. The VAE packs latents.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from diffusion.checkpoints.embedded import tokenizer_for
from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.flux import norm_leaf
from diffusion.checkpoints.networks.flux2 import flux2_part, read_flux2
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.conditioning import Cond
from diffusion.flux2 import LEAST_TOKENS, Flux2Adapter
from diffusion.latent_kinds import FLUX2
from diffusion.latents import LatentFormat
from diffusion.levels import FlowLevels
from diffusion.parameterization import Parameterization
from diffusion.text.chat_reader import ChatReader
from diffusion.text.encoders import Encoded
from diffusion.text.vocabularies import load_tokenizer

SHIFT = math.exp(2.02)  # of its noise levels (ComfyUI); Flux2Scheduler makes those for a size
LEVELS = 10_000  # from which schedules pick (ComfyUI)
MISTRAL_LAYERS, QWEN_LAYERS = (10, 20, 30), (9, 18, 27)  # after which states are taken (BFL's flux2)
MISTRAL_START, MISTRAL_PADDING = 1, 11  # <s>, <pad>
MISTRAL_TEMPLATE = (  # BFL's flux2, system_messages
    "[SYSTEM_PROMPT]You are an AI that reasons about image descriptions. You give structured responses focusing on object "
    "relationships, object\nattribution and actions without speculation.[/SYSTEM_PROMPT][INST]{}[/INST]"
)
QWEN_TEMPLATE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
LATENTS = LatentFormat(
    channels=128,
    scale_factor=1.0,
    spatial_downscale=16,
    rgb_factors=(  # a linear fit of pictures to unpacked latents (the numbers that ComfyUI uses)
        (0.0058, 0.0113, 0.0073),
        (0.0495, 0.0443, 0.0836),
        (-0.0099, 0.0096, 0.0644),
        (0.2144, 0.3009, 0.3652),
        (0.0166, -0.0039, -0.0054),
        (0.0157, 0.0103, -0.0160),
        (-0.0398, 0.0902, -0.0235),
        (-0.0052, 0.0095, 0.0109),
        (-0.3527, -0.2712, -0.1666),
        (-0.0301, -0.0356, -0.0180),
        (-0.0107, 0.0078, 0.0013),
        (0.0746, 0.0090, -0.0941),
        (0.0156, 0.0169, 0.0070),
        (-0.0034, -0.0040, -0.0114),
        (0.0032, 0.0181, 0.0080),
        (-0.0939, -0.0008, 0.0186),
        (0.0018, 0.0043, 0.0104),
        (0.0284, 0.0056, -0.0127),
        (-0.0024, -0.0022, -0.0030),
        (0.1207, -0.0026, 0.0065),
        (0.0128, 0.0101, 0.0142),
        (0.0137, -0.0072, -0.0007),
        (0.0095, 0.0092, -0.0059),
        (0.0000, -0.0077, -0.0049),
        (-0.0465, -0.0204, -0.0312),
        (0.0095, 0.0012, -0.0066),
        (0.0290, -0.0034, 0.0025),
        (0.0220, 0.0169, -0.0048),
        (-0.0332, -0.0457, -0.0468),
        (-0.0085, 0.0389, 0.0609),
        (-0.0076, 0.0003, -0.0043),
        (-0.0111, -0.0460, -0.0614),
    ),
    rgb_bias=(-0.0329, -0.0718, -0.0851),
    tiny_vae=None,
    kinds=(FLUX2,),
)

SIGNATURE = Signature(
    (
        Required(("img_in.weight",), ndim=2),
        Required(("double_stream_modulation_img.lin.weight",), ndim=2),
        Required(("single_stream_modulation.lin.weight",), ndim=2),
        Required(("double_blocks.0.img_attn.qkv.weight",)),
        Required(("single_blocks.0.linear1.weight",)),
        Required(("final_layer.linear.weight",), ndim=2),
        Forbidden("vector_in.", "Flux.1"),
    )
)


@dataclass(frozen=True)
class Stacked:
    """Takes what the only encoder gives: the states after three layers side by side."""

    def join(self, encoded: Mapping[str, Encoded]) -> Cond:
        """Return the conditioning; Flux.2 attends to padding too."""
        (only,) = encoded.values()
        return Cond(only.embedding)

    def width(self, widths: Mapping[str, int]) -> int:
        """Return three times the encoder's width."""
        (only,) = widths.values()
        return only * len(QWEN_LAYERS)


def read(header: Header, prefix: str) -> Backbone:
    """Read the transformer's sizes."""
    sizes = read_flux2(header, prefix)
    latent_format = replace(LATENTS, channels=sizes.out_channels)
    return Backbone(
        flux2_part(sizes, prefix, norm_leaf(header, prefix)),
        Parameterization("flow", SHIFT, FlowLevels(SHIFT, LEVELS)),
        latent_format,
        Flux2Adapter(latent_format, sizes.has_guidance),
        context_width=sizes.context_width,
    )


def mistral_reader(weights: Weights) -> ChatReader:
    """Return how dev reads prompts; the tokenizer lies in the encoder's file."""
    tokenizer = tokenizer_for("mistral", weights)
    return ChatReader(tokenizer, MISTRAL_TEMPLATE, taps=MISTRAL_LAYERS, padding=MISTRAL_PADDING, start=MISTRAL_START)


def qwen_reader(weights: Weights) -> ChatReader:
    """Return how klein reads prompts."""
    return ChatReader(load_tokenizer("qwen"), QWEN_TEMPLATE, taps=QWEN_LAYERS, least=LEAST_TOKENS)


TEXTS = Texts(
    {"mistral3_24b": mistral_reader, "qwen3_4b": qwen_reader, "qwen3_8b": qwen_reader}, Stacked(), is_one=True
)
FAMILY = Family("flux2", "Flux.2", SIGNATURE, read, TEXTS, clip_types=("flux2",))
