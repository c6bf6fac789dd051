"""CLIP-H: open_clip's text encoder of ViT-H/14 (Cherti et al. 2023), 24 layers of 1024."""

from __future__ import annotations

from diffusion.checkpoints.encoders.clip import OPEN_CLIP, TRANSFORMERS, open_clip_layout, transformers_layout
from diffusion.checkpoints.encoders.kind import EncoderKind
from diffusion.checkpoints.signature import Forbidden, Required, Signature

ACTIVATION = "gelu"
LARGER = "CLIP-G"
DEEP = Required(("encoder.layers.22.mlp.fc1.weight",), ndim=2), Forbidden("encoder.layers.30.", LARGER)
OPEN_DEEP = (
    Required(("transformer.resblocks.22.mlp.c_fc.weight",), ndim=2),
    Forbidden("transformer.resblocks.30.", LARGER),
)

KIND = EncoderKind(
    "h",
    "CLIP-H",
    inside=(open_clip_layout(OPEN_CLIP, ("cond_stage_model.model.", "conditioner.embedders.0.model."), ACTIVATION),),
    alone=(
        transformers_layout(Signature((*TRANSFORMERS.rules, *DEEP)), ("text_model.", ""), ACTIVATION),
        open_clip_layout(Signature((*OPEN_CLIP.rules, *OPEN_DEEP)), ("", "model."), ACTIVATION),
    ),
)
