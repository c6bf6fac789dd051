"""The transformer of AuraFlow (diffusers' AuraFlowTransformer2DModel), in the layout of fal's files.

Its positions are a square of learned vectors, of which a latent gets the middle; for larger latents the square is stretched.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.shift_first import shift_first
from diffusion.checkpoints.part import Part
from diffusion.tokens import size_in_patches, tokens_of

HEAD_WIDTH = 256
PATCH = 2
WHOLE: Mapping[str, str] = {"register_tokens": "register_tokens", "pos_embed.pos_embed": "positional_encoding"}
ENDS: Mapping[str, str] = {
    "pos_embed.proj": "init_x_linear",
    "time_step_proj.linear_1": "t_embedder.mlp.0",
    "time_step_proj.linear_2": "t_embedder.mlp.2",
    "context_embedder": "cond_seq_linear",
    "norm_out.linear": "modF.1",
    "proj_out": "final_linear",
}
DOUBLE: Mapping[str, str] = {
    "norm1.linear": "modX.1",
    "norm1_context.linear": "modC.1",
    "attn.to_q": "attn.w2q",
    "attn.to_k": "attn.w2k",
    "attn.to_v": "attn.w2v",
    "attn.to_out.0": "attn.w2o",
    "attn.add_q_proj": "attn.w1q",
    "attn.add_k_proj": "attn.w1k",
    "attn.add_v_proj": "attn.w1v",
    "attn.to_add_out": "attn.w1o",
    "ff.linear_1": "mlpX.c_fc1",
    "ff.linear_2": "mlpX.c_fc2",
    "ff.out_projection": "mlpX.c_proj",
    "ff_context.linear_1": "mlpC.c_fc1",
    "ff_context.linear_2": "mlpC.c_fc2",
    "ff_context.out_projection": "mlpC.c_proj",
}
SINGLE: Mapping[str, str] = {
    "norm1.linear": "modCX.1",
    "attn.to_q": "attn.w1q",
    "attn.to_k": "attn.w1k",
    "attn.to_v": "attn.w1v",
    "attn.to_out.0": "attn.w1o",
    "ff.linear_1": "mlp.c_fc1",
    "ff.linear_2": "mlp.c_fc2",
    "ff.out_projection": "mlp.c_proj",
}


class AuraSizes(NamedTuple):
    """What makes one transformer differ from another. places: of the square of positions."""

    channels: int
    width: int
    double_layers: int
    single_layers: int
    context_width: int
    places: int


def read_aura(header: Header, prefix: str) -> AuraSizes:
    """Read a transformer's sizes."""
    width, context_width = header.required_shape(f"{prefix}cond_seq_linear.weight")
    return AuraSizes(
        channels=header.required_shape(f"{prefix}init_x_linear.weight")[1] // PATCH**2,
        width=width,
        double_layers=len(header.numbers(f"{prefix}double_layers.", ".attn.w1q.weight")),
        single_layers=len(header.numbers(f"{prefix}single_layers.", ".attn.w1q.weight")),
        context_width=context_width,
        places=header.required_shape(f"{prefix}positional_encoding")[1],
    )


def aura_part(sizes: AuraSizes, prefix: str) -> Part:
    """Return the transformer of a file whose keys begin with a prefix."""
    return Part(lambda: build_aura(sizes), lambda module: dict(aura_keys(module.state_dict(), prefix)))


def build_aura(sizes: AuraSizes) -> nn.Module:
    """Build the backbone; its last modulation has the shift first, as files do."""
    from diffusers import AuraFlowTransformer2DModel

    module: Any = AuraFlowTransformer2DModel(
        patch_size=PATCH,
        in_channels=sizes.channels,
        out_channels=sizes.channels,
        num_mmdit_layers=sizes.double_layers,
        num_single_dit_layers=sizes.single_layers,
        attention_head_dim=HEAD_WIDTH,
        num_attention_heads=sizes.width // HEAD_WIDTH,
        joint_attention_dim=sizes.context_width,
        caption_projection_dim=sizes.width,
        pos_embed_max_size=sizes.places,
    )
    module.pos_embed = CentredPatches(module.pos_embed.proj, module.pos_embed.pos_embed)
    shift_first(module.norm_out)
    return module  # type: ignore[no-any-return]


class CentredPatches(nn.Module):
    """Patches of a latent with the positions of the middle of the square, as ComfyUI chooses them.

    diffusers' own differs in odd sizes, and has no positions for larger ones.
    """

    def __init__(self, proj: nn.Module, positions: nn.Parameter) -> None:
        super().__init__()
        self.proj, self.pos_embed = proj, positions

    def forward(self, latent: Tensor) -> Tensor:
        """Return tokens (batch, patches, width)."""
        tokens: Tensor = self.proj(tokens_of(latent, PATCH))
        return tokens + self._positions(latent).to(tokens.dtype)

    def _positions(self, latent: Tensor) -> Tensor:
        size, side = size_in_patches(latent, PATCH), math.isqrt(self.pos_embed.shape[1])
        square: Tensor = self.pos_embed.reshape(1, side, side, -1)
        if max(size) > side:
            side = max(size)
            square = functional.interpolate(square.movedim(-1, 1), (side, side), mode="bilinear").movedim(1, -1)
        top, left = (side - size.rows) // 2, (side - size.columns) // 2
        return square[:, top : top + size.rows, left : left + size.columns].flatten(1, 2)


def aura_keys(names: Iterable[str], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the keys of tensors in a file, by the names that they have in diffusers."""
    for name in names:
        match name.split("."):
            case ["joint_transformer_blocks", number, *rest, leaf]:
                yield name, f"{prefix}double_layers.{number}.{DOUBLE['.'.join(rest)]}.{leaf}"
            case ["single_transformer_blocks", number, *rest, leaf]:
                yield name, f"{prefix}single_layers.{number}.{SINGLE['.'.join(rest)]}.{leaf}"
            case [*module, leaf]:
                yield name, prefix + (WHOLE.get(name) or f"{ENDS['.'.join(module)]}.{leaf}")
