"""The encoder stacks of T5 1.1 and UMT5 (gated feed-forward layers), as transformers names their tensors.

UMT5 has its own positions in every layer, T5 those of the first in all.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part

TABLE = "embed_tokens.weight"
TABLE_KEYS = ("shared.weight", "encoder.embed_tokens.weight")
ATTENTION = "encoder.block.0.layer.0.SelfAttention"
POSITIONS = "relative_attention_bias.weight"
LATER_POSITIONS = f"encoder.block.1.layer.0.SelfAttention.{POSITIONS}"
GATE = "encoder.block.0.layer.1.DenseReluDense.wi_0.weight"


class T5Sizes(NamedTuple):
    """What makes one encoder differ from another. buckets: of distances; is_umt5: every layer has positions of its own."""

    vocabulary: int
    width: int
    inner_width: int
    layers: int
    heads: int
    head_width: int
    buckets: int = 32
    is_umt5: bool = False


def read_t5(header: Header, prefix: str) -> T5Sizes:
    """Read an encoder's sizes."""
    vocabulary, width = header.required_shape(prefix + table_key(header, prefix))
    buckets, heads = header.required_shape(f"{prefix}{ATTENTION}.{POSITIONS}")
    return T5Sizes(
        vocabulary,
        width,
        inner_width=header.required_shape(prefix + GATE)[0],
        layers=len(header.numbers(f"{prefix}encoder.block.", ".layer.0.SelfAttention.q.weight")),
        heads=heads,
        head_width=header.required_shape(f"{prefix}{ATTENTION}.q.weight")[0] // heads,
        buckets=buckets,
        is_umt5=prefix + LATER_POSITIONS in header.tensors,
    )


def table_key(header: Header, prefix: str) -> str:
    """Return the key, behind the prefix, of the vectors of tokens: under one of two names, or under both."""
    return next((key for key in TABLE_KEYS if prefix + key in header.tensors), TABLE_KEYS[0])


def t5_part(sizes: T5Sizes, prefix: str, table: str = TABLE_KEYS[0]) -> Part:
    """Return an encoder whose keys begin with a prefix; table: the key of its vectors of tokens."""

    def keys(module: nn.Module) -> dict[str, str]:
        return {name: prefix + (table if name == TABLE else f"encoder.{name}") for name in module.state_dict()}

    return Part(lambda: build_t5(sizes), keys)


def build_t5(sizes: T5Sizes) -> nn.Module:
    """Build the encoder stack, with its table of tokens."""
    from transformers import T5Config, T5EncoderModel, UMT5Config, UMT5EncoderModel

    config = (UMT5Config if sizes.is_umt5 else T5Config)(
        vocab_size=sizes.vocabulary,
        d_model=sizes.width,
        d_kv=sizes.head_width,
        d_ff=sizes.inner_width,
        num_layers=sizes.layers,
        num_heads=sizes.heads,
        relative_attention_num_buckets=sizes.buckets,
        feed_forward_proj="gated-gelu",
    )
    module: nn.Module = (UMT5EncoderModel if sizes.is_umt5 else T5EncoderModel)(config).encoder
    return module
