"""Language models as text encoders: what those of transformers' layout have in common, whatever their class.

sizes = read_language(header, prefix, head_width=128, layers=40)
Qwen3Config(**sizes.settings(), rms_norm_eps=1e-6)
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header


class LanguageSizes(NamedTuple):
    """What makes one language model differ from another; key_heads: of keys and values, fewer than those of queries."""

    vocabulary: int
    width: int
    inner_width: int
    layers: int
    heads: int
    key_heads: int
    head_width: int

    def settings(self) -> dict[str, Any]:
        """Return the sizes by the names of transformers' configurations."""
        return {
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "intermediate_size": self.inner_width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_heads,
            "head_dim": self.head_width,
        }


def read_language(header: Header, prefix: str, *, head_width: int, layers: int) -> LanguageSizes:
    """Read the sizes; keys begin with the prefix, as in `model.layers.0`."""
    vocabulary, width = header.required_shape(f"{prefix}embed_tokens.weight")
    first = f"{prefix}layers.0."
    return LanguageSizes(
        vocabulary=vocabulary,
        width=width,
        inner_width=header.required_shape(f"{first}mlp.gate_proj.weight")[0],
        layers=layers,
        heads=header.required_shape(f"{first}self_attn.q_proj.weight")[0] // head_width,
        key_heads=header.required_shape(f"{first}self_attn.k_proj.weight")[0] // head_width,
        head_width=head_width,
    )


def keys_behind(prefix: str, module: nn.Module) -> dict[str, str]:
    """Return where the tensors of a model lie in a file that has transformers' names behind a prefix."""
    return {name: prefix + name for name in module.state_dict()}
