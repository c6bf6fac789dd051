"""Mistral Small 3 (24B): 40 layers of 5120, of which Flux.2 uses 30; some files have no more."""

from __future__ import annotations

from diffusion.checkpoints.encoders.kind import EncoderKind, FoundEncoder, Layout
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.mistral import mistral_part, read_mistral
from diffusion.checkpoints.signature import Forbidden, Required, Sides, Signature

USED_LAYERS = 30
VOCABULARY = 131_072  # of Mistral's tokenizer, by which its models are told from Llama's
SIGNATURE = Signature(
    (
        Required(("layers.0.self_attn.q_proj.weight",), ndim=2),
        Required(("layers.0.mlp.gate_proj.weight",)),
        Required((f"layers.{USED_LAYERS - 1}.mlp.down_proj.weight",)),  # Ministral has fewer layers
        Sides("embed_tokens.weight", 0, frozenset({VOCABULARY})),
        Forbidden("layers.0.self_attn.q_norm.", "Qwen3"),
        Forbidden("layers.0.self_attn.q_proj.bias", "Qwen2.5"),
    )
)


def _read(header: Header, prefix: str) -> FoundEncoder:
    sizes = read_mistral(header, prefix, USED_LAYERS)
    return FoundEncoder(mistral_part(sizes, prefix), sizes.width)


KIND = EncoderKind(
    "mistral3_24b",
    "Mistral Small 3",
    inside=(Layout(SIGNATURE, ("text_encoders.mistral3_24b.transformer.model.",), _read),),
    alone=(Layout(SIGNATURE, ("model.",), _read),),
)
