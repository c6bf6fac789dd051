"""Names of tensors in GGUF files: those of diffusion networks are the original ones, those of text encoders are llama.cpp's.

    original_name("enc.blk.3.attn_q.weight", "t5encoder")  # "encoder.block.3.layer.0.SelfAttention.q.weight"

Names are given back as transformers has them, which files of text encoders alone have too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Names(NamedTuple):
    """What the names of an architecture begin with in a block, here and there; those in a block; all others."""

    block: tuple[str, str]
    inside: Mapping[str, str]
    outside: Mapping[str, str]


T5 = Names(
    ("enc.blk.", "encoder.block."),
    {
        "attn_q": "layer.0.SelfAttention.q",
        "attn_k": "layer.0.SelfAttention.k",
        "attn_v": "layer.0.SelfAttention.v",
        "attn_o": "layer.0.SelfAttention.o",
        "attn_rel_b": "layer.0.SelfAttention.relative_attention_bias",
        "attn_norm": "layer.0.layer_norm",
        "ffn_gate": "layer.1.DenseReluDense.wi_0",
        "ffn_up": "layer.1.DenseReluDense.wi_1",
        "ffn_down": "layer.1.DenseReluDense.wo",
        "ffn_norm": "layer.1.layer_norm",
    },
    {"token_embd": "shared", "enc.output_norm": "encoder.final_layer_norm"},
)
QWEN = Names(
    ("blk.", "model.layers."),
    {
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "attn_q_norm": "self_attn.q_norm",
        "attn_k_norm": "self_attn.k_norm",
        "attn_norm": "input_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
        "ffn_norm": "post_attention_layernorm",
    },
    {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"},
)
# By general.architecture. Files of llama and mistral have the rows of some weights in another order and are left alone.
ARCHITECTURES: Mapping[str, Names] = {"t5": T5, "t5encoder": T5, "qwen2": QWEN, "qwen2vl": QWEN, "qwen3": QWEN}


def original_name(name: str, architecture: str) -> str:
    """Return the name that a tensor has in transformers; those that are not known stay as they are."""
    names = ARCHITECTURES.get(architecture)
    module, _, leaf = name.rpartition(".")
    if names is None or not module:
        return name
    if not module.startswith(names.block[0]):
        return f"{names.outside.get(module, module)}.{leaf}"
    number, _, layer = module.removeprefix(names.block[0]).partition(".")
    return f"{names.block[1]}{number}.{names.inside.get(layer, layer)}.{leaf}"
