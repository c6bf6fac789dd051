"""Operators that mix two models block by block, one for each family.

Their inputs are the beginnings of names in the family's original files ("input_blocks.0."). These are no names in Python: one
function takes any, and each operator says which there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from diffusion.merging import merge_blocks
from graph.spec import NodeFunction, Socket, node
from nodes.merging import Ratio
from nodes.sockets import Model


def merging(name: str, title: str, *beginnings: str) -> NodeFunction[..., Model]:
    """Return the operator of a family; beginnings: of the names of its weights, the first also for those under no name."""

    def merge(model1: Model, model2: Model, **shares: Ratio) -> Model:
        """shares: how much of model1 the weights have whose names begin so."""
        return merge_blocks(model1, model2, shares)

    merge.__name__ = merge.__qualname__ = name
    function = node(category="model/merging/model specific")(merge)
    inputs = (each for socket in function.spec.inputs for each in _named(socket, beginnings))
    description = f"Mix the weights of two models of {title} block by block."
    function.spec = replace(function.spec, inputs=tuple(inputs), description=description)
    return function


def _named(socket: Socket, names: tuple[str, ...]) -> Iterator[Socket]:
    if socket.takes_any_name:
        yield from (replace(socket, name=name, default=1.0, is_growing=False, takes_any_name=False) for name in names)
    else:
        yield socket


def _numbered(form: str, count: int) -> tuple[str, ...]:
    return tuple(form.format(number) for number in range(count))


UNET = (
    *("time_embed.", "label_emb."),
    *_numbered("input_blocks.{}.", 12),
    *_numbered("middle_block.{}.", 3),
    *_numbered("output_blocks.{}.", 12),
    "out.",
)
SD3_ENDS = ("pos_embed.", "x_embedder.", "context_embedder.", "y_embedder.", "t_embedder.")

ModelMergeSD1 = merging("ModelMergeSD1", "Stable Diffusion 1", *UNET)
ModelMergeSD2 = merging("ModelMergeSD2", "Stable Diffusion 2", *UNET)
ModelMergeSDXL = merging(
    "ModelMergeSDXL",
    "Stable Diffusion XL",
    *("time_embed.", "label_emb."),
    *_numbered("input_blocks.{}", 9),
    *_numbered("middle_block.{}", 3),
    *_numbered("output_blocks.{}", 9),
    "out.",
)
ModelMergeSD3_2B = merging(
    "ModelMergeSD3_2B",
    "Stable Diffusion 3 or 3.5 Medium",
    *SD3_ENDS,
    *_numbered("joint_blocks.{}.", 24),
    "final_layer.",
)
ModelMergeSD35_Large = merging(
    "ModelMergeSD35_Large", "Stable Diffusion 3.5 Large", *SD3_ENDS, *_numbered("joint_blocks.{}.", 38), "final_layer."
)
ModelMergeAuraflow = merging(
    "ModelMergeAuraflow",
    "AuraFlow",
    *("init_x_linear.", "positional_encoding", "cond_seq_linear.", "register_tokens", "t_embedder."),
    *_numbered("double_layers.{}.", 4),
    *_numbered("single_layers.{}.", 32),
    *("modF.", "final_linear."),
)
ModelMergeFlux1 = merging(
    "ModelMergeFlux1",
    "Flux.1",
    *("img_in.", "time_in.", "guidance_in", "vector_in.", "txt_in."),
    *_numbered("double_blocks.{}.", 19),
    *_numbered("single_blocks.{}.", 38),
    "final_layer.",
)
ModelMergeQwenImage = merging(
    "ModelMergeQwenImage",
    "Qwen-Image",
    *("pos_embeds.", "img_in.", "txt_norm.", "txt_in.", "time_text_embed."),
    *_numbered("transformer_blocks.{}.", 60),
    "proj_out.",
)
