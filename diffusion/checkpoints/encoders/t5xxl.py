"""T5-XXL: the encoder of Google's T5 1.1 (Raffel et al. 2020), 24 layers of 4096."""

from __future__ import annotations

from diffusion.checkpoints.encoders.kind import EncoderKind
from diffusion.checkpoints.encoders.t5 import GATED, t5_layout
from diffusion.checkpoints.networks.t5 import LATER_POSITIONS
from diffusion.checkpoints.signature import Forbidden, Signature

SIGNATURE = Signature((*GATED.rules, Forbidden(LATER_POSITIONS, "UMT5 or Pile-T5")))

KIND = EncoderKind(
    "t5xxl",
    "T5-XXL",
    inside=(t5_layout(SIGNATURE, ("text_encoders.t5xxl.transformer.",)),),
    alone=(t5_layout(SIGNATURE, ("", "t5xxl.transformer.")),),
)
