"""CLIP-G: open_clip's text encoder of ViT-bigG/14 (Cherti et al. 2023), 32 layers of 1280, with a projection."""

from __future__ import annotations

from diffusion.checkpoints.encoders.clip import OPEN_CLIP, TRANSFORMERS, open_clip_layout, transformers_layout
from diffusion.checkpoints.encoders.kind import EncoderKind
from diffusion.checkpoints.signature import Required, Signature

ACTIVATION = "gelu"
DEEP = Required(("encoder.layers.30.mlp.fc1.weight",), ndim=2)
OPEN_DEEP = Required(("transformer.resblocks.30.mlp.c_fc.weight",), ndim=2)

KIND = EncoderKind(
    "g",
    "CLIP-G",
    inside=(
        open_clip_layout(OPEN_CLIP, ("conditioner.embedders.1.model.", "conditioner.embedders.0.model."), ACTIVATION),
        transformers_layout(TRANSFORMERS, ("text_encoders.clip_g.transformer.text_model.",), ACTIVATION),
    ),
    alone=(
        transformers_layout(Signature((*TRANSFORMERS.rules, DEEP)), ("text_model.", ""), ACTIVATION),
        open_clip_layout(Signature((*OPEN_CLIP.rules, OPEN_DEEP)), ("", "model."), ACTIVATION),
    ),
)
