"""The layout of T5's encoders in files, and how they read, which several kinds and families share."""

from __future__ import annotations

from diffusion.checkpoints.embedded import tokenizer_for
from diffusion.checkpoints.encoders.kind import FoundEncoder, Layout
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.t5 import GATE, TABLE_KEYS, read_t5, t5_part, table_key
from diffusion.checkpoints.signature import Required, Signature
from diffusion.text.t5 import T5Reader

GATED = Signature(
    (
        Required(TABLE_KEYS, ndim=2),
        Required(("encoder.block.0.layer.0.SelfAttention.q.weight",), ndim=2),
        Required((GATE,), ndim=2),
    )
)


def t5_layout(signature: Signature, prefixes: tuple[str, ...]) -> Layout:
    """Return the layout of transformers, below prefixes."""

    def read(header: Header, prefix: str) -> FoundEncoder:
        sizes = read_t5(header, prefix)
        return FoundEncoder(t5_part(sizes, prefix, table_key(header, prefix)), sizes.width)

    return Layout(signature, prefixes, read)


def t5_reader(weights: Weights, min_length: int) -> T5Reader:
    """Return how a family reads with T5; min_length: prompts are padded to so many tokens."""
    return T5Reader(tokenizer_for("t5", weights), min_length)
