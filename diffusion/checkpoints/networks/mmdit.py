"""The transformer of Stable Diffusion 3 and 3.5 (diffusers' SD3Transformer2DModel), in the layout of Stability's files.

The files keep query, key and value of a layer in one tensor; diffusers' three layers are views of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.shift_first import shift_first
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, View

HEAD_WIDTH = 64
ENDS: Mapping[str, str] = {
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "context_embedder": "context_embedder",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
BLOCK: Mapping[str, str] = {
    "norm1.linear": "x_block.adaLN_modulation.1",
    "norm1_context.linear": "context_block.adaLN_modulation.1",
    "attn.norm_q": "x_block.attn.ln_q",
    "attn.norm_k": "x_block.attn.ln_k",
    "attn.norm_added_q": "context_block.attn.ln_q",
    "attn.norm_added_k": "context_block.attn.ln_k",
    "attn.to_out.0": "x_block.attn.proj",
    "attn.to_add_out": "context_block.attn.proj",
    "attn2.norm_q": "x_block.attn2.ln_q",
    "attn2.norm_k": "x_block.attn2.ln_k",
    "attn2.to_out.0": "x_block.attn2.proj",
    "ff.net.0.proj": "x_block.mlp.fc1",
    "ff.net.2": "x_block.mlp.fc2",
    "ff_context.net.0.proj": "context_block.mlp.fc1",
    "ff_context.net.2": "context_block.mlp.fc2",
}
FUSED: Mapping[str, tuple[str, int]] = {  # the layer that holds it, and which third of that it is
    "attn.to_q": ("x_block.attn.qkv", 0),
    "attn.to_k": ("x_block.attn.qkv", 1),
    "attn.to_v": ("x_block.attn.qkv", 2),
    "attn.add_q_proj": ("context_block.attn.qkv", 0),
    "attn.add_k_proj": ("context_block.attn.qkv", 1),
    "attn.add_v_proj": ("context_block.attn.qkv", 2),
    "attn2.to_q": ("x_block.attn2.qkv", 0),
    "attn2.to_k": ("x_block.attn2.qkv", 1),
    "attn2.to_v": ("x_block.attn2.qkv", 2),
}


class MmditSizes(NamedTuple):
    """What makes one transformer differ from another.

    table: rows of the square of positions, in patches. dual_layers: which have a second attention of the picture alone.
    """

    channels: int
    patch: int
    width: int
    layers: int
    context_width: int
    pooled_width: int
    table: int
    dual_layers: tuple[int, ...] = ()
    has_qk_norm: bool = False


def read_mmdit(header: Header, prefix: str) -> MmditSizes:
    """Read a transformer's sizes."""
    width, channels, patch, _ = header.required_shape(f"{prefix}x_embedder.proj.weight")
    return MmditSizes(
        channels=channels,
        patch=patch,
        width=width,
        layers=len(header.numbers(f"{prefix}joint_blocks.", ".x_block.attn.qkv.weight")),
        context_width=header.required_shape(f"{prefix}context_embedder.weight")[1],
        pooled_width=header.required_shape(f"{prefix}y_embedder.mlp.0.weight")[1],
        table=math.isqrt(header.required_shape(f"{prefix}pos_embed")[1]),
        dual_layers=tuple(header.numbers(f"{prefix}joint_blocks.", ".x_block.attn2.qkv.weight")),
        has_qk_norm=f"{prefix}joint_blocks.0.x_block.attn.ln_q.weight" in header.tensors,
    )


def mmdit_part(sizes: MmditSizes, prefix: str) -> Part:
    """Return the transformer of a file whose keys begin with a prefix."""
    return Part(
        lambda: build_mmdit(sizes),
        lambda module: dict(mmdit_sources(module.state_dict(), width=sizes.width, prefix=prefix)),
    )


def build_mmdit(sizes: MmditSizes) -> nn.Module:
    """Build the backbone; in its last block and at its end modulations have the shift first, as files do."""
    from diffusers import SD3Transformer2DModel

    module: Any = SD3Transformer2DModel(
        sample_size=sizes.table * sizes.patch,
        patch_size=sizes.patch,
        in_channels=sizes.channels,
        out_channels=sizes.channels,
        num_layers=sizes.layers,
        attention_head_dim=HEAD_WIDTH,
        num_attention_heads=sizes.width // HEAD_WIDTH,
        joint_attention_dim=sizes.context_width,
        caption_projection_dim=sizes.width,
        pooled_projection_dim=sizes.pooled_width,
        pos_embed_max_size=sizes.table,
        dual_attention_layers=sizes.dual_layers,
        qk_norm="rms_norm" if sizes.has_qk_norm else None,
    )
    as_parameter(module.pos_embed, "pos_embed")
    shift_first(module.transformer_blocks[-1].norm1_context)
    shift_first(module.norm_out)
    return module  # type: ignore[no-any-return]


def as_parameter(module: nn.Module, name: str) -> None:
    """Make a buffer that files have a parameter, which is kept and unpacked as all weights are."""
    buffer = module.get_buffer(name)
    delattr(module, name)
    module.register_parameter(name, nn.Parameter(buffer, requires_grad=False))


def mmdit_sources(names: Iterable[str], *, width: int, prefix: str = "") -> Iterator[tuple[str, Source]]:
    """Yield where tensors lie in a file, by the names that they have in diffusers."""
    for name in names:
        match name.split("."):
            case ["transformer_blocks", number, *rest]:
                yield name, _block_source(f"{prefix}joint_blocks.{number}.", rest, width)
            case ["pos_embed", "pos_embed"]:
                yield name, f"{prefix}pos_embed"
            case [*module, leaf]:
                yield name, f"{prefix}{ENDS['.'.join(module)]}.{leaf}"


def _block_source(place: str, rest: list[str], width: int) -> Source:
    module, leaf = ".".join(rest[:-1]), rest[-1]
    if module in FUSED:
        fused, third = FUSED[module]
        return View(f"{place}{fused}.{leaf}", rows=(third * width, (third + 1) * width))
    return f"{place}{BLOCK[module]}.{leaf}"
