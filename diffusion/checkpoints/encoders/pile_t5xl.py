"""Pile-T5 XL: the encoder of EleutherAI's T5 with UMT5's positions and Llama's vocabulary, 24 layers of 2048."""

from __future__ import annotations

from diffusion.checkpoints.embedded import tokenizer_for
from diffusion.checkpoints.encoders.kind import EncoderKind
from diffusion.checkpoints.encoders.t5 import GATED, t5_layout
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.networks.t5 import LATER_POSITIONS, TABLE_KEYS
from diffusion.checkpoints.signature import Required, Sides, Signature
from diffusion.text.t5 import T5Reader

PILE_T5 = "pile_t5xl"
PADDING, END = 1, 2  # tokens of its vocabulary
UMT5_TOKENS = 256_384  # rows of UMT5's table
SIGNATURE = Signature(
    (*GATED.rules, Required((LATER_POSITIONS,), ndim=2), Sides(TABLE_KEYS[0], 0, None, frozenset({UMT5_TOKENS}))),
)

KIND = EncoderKind(
    PILE_T5,
    "Pile-T5 XL",
    inside=(t5_layout(SIGNATURE, ("text_encoders.pile_t5xl.transformer.",)),),
    alone=(t5_layout(SIGNATURE, ("", "pile_t5xl.transformer.")),),
)


def pile_t5_reader(weights: Weights, min_length: int) -> T5Reader:
    """Return how a family reads with Pile-T5: padding is masked; its tokenizer is a file of the user's."""
    return T5Reader(tokenizer_for("pile_t5", weights), min_length, padding=PADDING, end=END, is_masked=True)
