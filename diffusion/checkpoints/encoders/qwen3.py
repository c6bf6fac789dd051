"""The layouts of Qwen3 (Yang et al. 2025), whose sizes are kinds of their own: families take one of them."""

from __future__ import annotations

from diffusion.checkpoints.encoders.kind import EncoderKind, FoundEncoder, Layout
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.qwen3 import qwen3_part, read_qwen3
from diffusion.checkpoints.signature import Forbidden, Required, Sides, Signature

WIDTH_KEY = "embed_tokens.weight"
QWEN3 = Signature(
    (
        Required(("layers.0.self_attn.q_norm.weight",), ndim=1),
        Required(("layers.0.mlp.gate_proj.weight",)),
        Required((WIDTH_KEY,), ndim=2),
        Forbidden("layers.0.pre_feedforward_layernorm.", "Gemma"),
        Forbidden("visual.", "Qwen3-VL"),
    )
)
WIDTHS = {"qwen3_06b": 1024, "qwen3_2b": 2048, "qwen3_8b": 4096}  # all others count as the 4B, which has 2560


def qwen3_kind(name: str, title: str) -> EncoderKind:
    """Return the kind of a size."""
    sides = Sides(WIDTH_KEY, 1, frozenset({WIDTHS[name]}) if name in WIDTHS else None, frozenset(WIDTHS.values()))
    return EncoderKind(
        name,
        title,
        inside=(Layout(QWEN3, (f"text_encoders.{name}.transformer.model.",), _read),),
        alone=(Layout(Signature((*QWEN3.rules, sides)), ("model.",), _read),),
    )


def _read(header: Header, prefix: str) -> FoundEncoder:
    sizes = read_qwen3(header, prefix)
    return FoundEncoder(qwen3_part(sizes, prefix), sizes.width)
