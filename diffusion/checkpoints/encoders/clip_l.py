"""CLIP-L: OpenAI's text encoder of ViT-L/14 (Radford et al. 2021), 12 layers of 768."""

from __future__ import annotations

from diffusion.checkpoints.encoders.clip import LATER_LAYERS, TRANSFORMERS, transformers_layout
from diffusion.checkpoints.encoders.kind import EncoderKind
from diffusion.checkpoints.signature import Signature

ACTIVATION = "quick_gelu"
INSIDE = (
    "cond_stage_model.transformer.text_model.",
    "cond_stage_model.transformer.",  # files of early transformers versions leave text_model out
    "conditioner.embedders.0.transformer.text_model.",
    "text_encoders.clip_l.transformer.text_model.",
)
SMALL = Signature((*TRANSFORMERS.rules, LATER_LAYERS))

KIND = EncoderKind(
    "l",
    "CLIP-L",
    inside=(transformers_layout(TRANSFORMERS, INSIDE, ACTIVATION),),
    alone=(transformers_layout(SMALL, ("text_model.", ""), ACTIVATION),),
)
