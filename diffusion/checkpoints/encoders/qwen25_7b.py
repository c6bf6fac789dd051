"""Qwen2.5-VL 7B (Bai et al. 2025): 28 layers of 3584, and 32 blocks that see pictures."""

from __future__ import annotations

from diffusion.checkpoints.encoders.kind import EncoderKind, FoundEncoder, Layout
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.qwen25_vl import qwen25_part, read_qwen25
from diffusion.checkpoints.signature import Forbidden, Required, Sides, Signature

BIAS_KEY = "layers.0.self_attn.k_proj.bias"
BIAS_OF_3B = 256
SIGNATURE = Signature(
    (
        Required((BIAS_KEY,), ndim=1),
        Required(("layers.0.mlp.gate_proj.weight",)),
        Required(("embed_tokens.weight",), ndim=2),
        Forbidden("layers.0.self_attn.sinks", "GPT-OSS"),
    )
)
ALONE = Signature((*SIGNATURE.rules, Sides(BIAS_KEY, 0, None, frozenset({BIAS_OF_3B}))))


def read(header: Header, prefix: str) -> FoundEncoder:
    """Read the sizes."""
    sizes = read_qwen25(header, prefix)
    return FoundEncoder(qwen25_part(sizes, prefix), sizes.text.width)


KIND = EncoderKind(
    "qwen25_7b",
    "Qwen2.5-VL 7B",
    inside=(Layout(SIGNATURE, ("text_encoders.qwen25_7b.transformer.model.",), read),),
    alone=(Layout(ALONE, ("model.",), read),),
)
