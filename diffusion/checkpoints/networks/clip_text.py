"""CLIP's text encoders, in the two layouts that files have: OpenAI's as transformers names it, and open_clip's.

open_clip keeps query, key and value of a layer in one tensor and the projection transposed; both become views.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, View

HEAD_WIDTH = 64
PROJECTION = "text_projection.weight"
OPEN_CLIP_ENDS = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
OPEN_CLIP_LAYER = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
FUSED = {"self_attn.q_proj": 0, "self_attn.k_proj": 1, "self_attn.v_proj": 2}


class TextSizes(NamedTuple):
    """What makes one text encoder differ from another. projection: the width of the pooled output, 0 if it is not projected."""

    vocabulary: int
    positions: int
    width: int
    inner_width: int
    layers: int
    projection: int = 0


def read_text(header: Header, prefix: str) -> TextSizes:
    """Read the sizes of an encoder in transformers' layout."""
    vocabulary, width = header.required_shape(f"{prefix}embeddings.token_embedding.weight")
    projection = header.shape(projection_key(prefix))
    return TextSizes(
        vocabulary=vocabulary,
        positions=header.required_shape(f"{prefix}embeddings.position_embedding.weight")[0],
        width=width,
        inner_width=header.required_shape(f"{prefix}encoder.layers.0.mlp.fc1.weight")[0],
        layers=len(header.numbers(f"{prefix}encoder.layers.", ".mlp.fc1.weight")),
        projection=0 if projection is None else projection[0],
    )


def projection_key(prefix: str) -> str:
    """Return the key of the projection in transformers' layout, which lies beside the encoder."""
    return f"{prefix.removesuffix('text_model.')}{PROJECTION}"


def read_open_clip(header: Header, prefix: str) -> TextSizes:
    """Read the sizes of an encoder in open_clip's layout."""
    vocabulary, width = header.required_shape(f"{prefix}token_embedding.weight")
    projection = header.shape(f"{prefix}text_projection")
    return TextSizes(
        vocabulary=vocabulary,
        positions=header.required_shape(f"{prefix}positional_embedding")[0],
        width=width,
        inner_width=header.required_shape(f"{prefix}transformer.resblocks.0.mlp.c_fc.weight")[0],
        layers=len(header.numbers(f"{prefix}transformer.resblocks.", ".mlp.c_fc.weight")),
        projection=0 if projection is None else projection[1],
    )


def text_part(sizes: TextSizes, activation: str, prefix: str) -> Part:
    """Return an encoder in transformers' layout whose keys begin with a prefix."""
    return Part(lambda: build_text(sizes, activation), lambda module: text_keys(module, prefix))


def open_clip_part(sizes: TextSizes, activation: str, prefix: str) -> Part:
    """Return an encoder in open_clip's layout whose keys begin with a prefix."""
    return Part(lambda: build_text(sizes, activation), lambda module: open_clip_keys(module, prefix))


def build_text(sizes: TextSizes, activation: str = "quick_gelu") -> nn.Module:
    """Build the encoder, with `text_projection` for the pooled output if it has one."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.width,
        intermediate_size=sizes.inner_width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=max(1, sizes.width // HEAD_WIDTH),
        max_position_embeddings=sizes.positions,
        hidden_act=activation,
        bos_token_id=sizes.vocabulary - 2,
        eos_token_id=sizes.vocabulary - 1,
        pad_token_id=sizes.vocabulary - 1,
        projection_dim=sizes.projection or sizes.width,
    )
    module: Any = CLIPTextModel(config)
    if sizes.projection:
        module.text_projection = nn.Linear(sizes.width, sizes.projection, bias=False)
    return module  # type: ignore[no-any-return]


def text_keys(module: nn.Module, prefix: str) -> dict[str, Source]:
    """Map the names of an encoder to those of transformers' layout in a file."""
    return {
        name: projection_key(prefix) if name == PROJECTION else prefix + name.removeprefix("text_model.")
        for name in module.state_dict()
    }


def unprojected_keys(module: nn.Module, prefix: str) -> dict[str, Source]:
    """Map the same without the projection, which families that only attend to the tokens leave out."""
    return {name: key for name, key in text_keys(module, prefix).items() if name != PROJECTION}


def open_clip_keys(module: nn.Module, prefix: str) -> dict[str, Source]:
    """Map the names of an encoder to open_clip's."""
    width = module.get_parameter("final_layer_norm.weight").shape[0]
    return dict(_open_clip(module.state_dict(), prefix, width))


def _open_clip(names: Iterable[str], prefix: str, width: int) -> Iterable[tuple[str, Source]]:
    for name in names:
        match name.removeprefix("text_model.").split("."):
            case ["encoder", "layers", number, *rest]:
                yield name, layer_source(f"{prefix}transformer.resblocks.{number}.", rest, width)
            case ["text_projection", "weight"]:
                yield name, View(f"{prefix}text_projection", is_transposed=True)
            case parts:
                yield name, prefix + OPEN_CLIP_ENDS[".".join(parts)]


def layer_source(place: str, rest: list[str], width: int) -> Source:
    """Return where open_clip has a tensor of a layer; `place`: what its names begin with."""
    module, leaf = ".".join(rest[:-1]), rest[-1]
    if module in FUSED:
        start = FUSED[module] * width
        return View(f"{place}attn.in_proj_{leaf}", rows=(start, start + width))
    return f"{place}{OPEN_CLIP_LAYER[module]}.{leaf}"
