"""ControlNets of U-Nets in files: sizes read from shapes, and keys in the original layout and in that of diffusers.

The original one has the names of a latent-diffusion U-Net after `control_model.` or after nothing, with `zero_convs` and
`input_hint_block` beside them. Union networks come in diffusers' layout only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.checkpoints.networks.unet import norm_groups
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source
from diffusion.control.net import Traits

PREFIXES = ("control_model.", "")
HEADS, HEAD_WIDTH = 8, 64  # SD1 has a fixed number of heads, SD2 and SDXL heads of a fixed width
TIME_IDS_WIDTH, TIME_IDS = 256, 6  # of each number beside the prompt, and how many there are (SDXL)
UNION_MARK = "task_embedding"


class Layout(NamedTuple):
    """Where a file has what tells sizes; `{}` stands for level and layer."""

    prefix: str
    is_original: bool
    first: str
    hint: str
    vector: str
    middle: str

    def resnet(self, level: int, layers: int) -> str:
        """Return the name of the first convolution's weight of a level."""
        if self.is_original:
            return f"{self.prefix}input_blocks.{1 + level * (layers + 1)}.0.out_layers.3.weight"
        return f"down_blocks.{level}.resnets.0.conv2.weight"

    def attention(self, level: int, layers: int) -> str:
        """Return what the names of a level's first transformer begin with."""
        if self.is_original:
            return f"{self.prefix}input_blocks.{1 + level * (layers + 1)}.1"
        return f"down_blocks.{level}.attentions.0"

    def levels(self, header: Header) -> int:
        """Return how many levels there are."""
        if self.is_original:
            return len(header.numbers(f"{self.prefix}input_blocks.", ".0.op.weight")) + 1
        return len(header.numbers("down_blocks.", ".resnets.0.conv2.weight"))

    def layers(self, header: Header) -> int:
        """Return how many layers a level has."""
        if self.is_original:
            return len(header.numbers(f"{self.prefix}input_blocks.", ".0.out_layers.3.weight")) // self.levels(header)
        return len(header.numbers("down_blocks.0.resnets.", ".conv2.weight"))

    def hints(self, header: Header) -> tuple[int, ...]:
        """Return the widths of the network that reads the picture."""
        if self.is_original:
            return hint_widths(header, self.prefix)
        numbers = header.numbers("controlnet_cond_embedding.blocks.", ".weight")
        names = [self.hint, *(f"controlnet_cond_embedding.blocks.{number}.weight" for number in numbers)]
        return tuple(header.required_shape(name)[0] for name in names[::2])


def hint_widths(header: Header, prefix: str = "") -> tuple[int, ...]:
    """Return the widths of the network that reads the picture, in the original layout."""
    places = header.numbers(f"{prefix}input_hint_block.", ".weight")[:-1]
    return tuple(header.required_shape(f"{prefix}input_hint_block.{place}.weight")[0] for place in places[::2])


def layout_of(header: Header) -> Layout | None:
    """Return the layout of a file; None if it is no ControlNet of a U-Net."""
    if header.shape("controlnet_cond_embedding.conv_in.weight") is not None and header.shape("conv_in.weight"):
        return Layout(
            prefix="",
            is_original=False,
            first="conv_in.weight",
            hint="controlnet_cond_embedding.conv_in.weight",
            vector="add_embedding.linear_1.weight",
            middle="mid_block.attentions.0",
        )
    for prefix in PREFIXES:
        if header.shape(f"{prefix}zero_convs.0.0.weight") is not None:
            return Layout(
                prefix,
                is_original=True,
                first=f"{prefix}input_blocks.0.0.weight",
                hint=f"{prefix}input_hint_block.0.weight",
                vector=f"{prefix}label_emb.0.0.weight",
                middle=f"{prefix}middle_block.1",
            )
    return None


class ControlSizes(NamedTuple):
    """What makes one network differ from another; see diffusion.checkpoints.networks.unet.UnetSizes.

    hints: the widths of the network that reads the picture. types, task_width: of a union.
    """

    in_channels: int
    channels: tuple[int, ...]
    depths: tuple[int, ...]
    middle_depth: int
    layers: int
    context_width: int | None
    is_linear: bool
    vector_width: int
    hint_channels: int
    hints: tuple[int, ...]
    types: int = 0
    task_width: int = 0
    time_ids_width: int = TIME_IDS_WIDTH


def read_sizes(header: Header, layout: Layout) -> ControlSizes:
    """Read a network's sizes."""
    levels, layers = layout.levels(header), layout.layers(header)
    transformers = [layout.attention(level, layers) for level in range(levels)] + [layout.middle]
    depths = [_depth(header, prefix) for prefix in transformers]
    deep = next((prefix for prefix, depth in zip(transformers, depths, strict=True) if depth), None)
    keys = None if deep is None else header.required_shape(f"{deep}.transformer_blocks.0.attn2.to_k.weight")
    vector, union = header.shape(layout.vector), header.shape(UNION_MARK)
    added = header.shape("control_add_embedding.linear_1.weight")
    return ControlSizes(
        in_channels=header.required_shape(layout.first)[1],
        channels=tuple(header.required_shape(layout.resnet(level, layers))[0] for level in range(levels)),
        depths=tuple(depths[:-1]),
        middle_depth=depths[-1],
        layers=layers,
        context_width=None if keys is None else keys[1],
        is_linear=deep is not None and len(header.required_shape(f"{deep}.proj_in.weight")) == 2,
        vector_width=0 if vector is None else vector[1],
        hint_channels=header.required_shape(layout.hint)[1],
        hints=layout.hints(header),
        types=0 if union is None else union[0],
        task_width=0 if union is None else union[1],
        time_ids_width=TIME_IDS_WIDTH if union is None or added is None else added[1] // union[0],
    )


def traits_of(sizes: ControlSizes) -> Traits:
    """Return what its handle is to know of a network."""
    return Traits(
        kind="union" if sizes.types else "net",
        hint_channels=sizes.hint_channels,
        types=sizes.types,
        channels=sizes.in_channels,
        context_width=sizes.context_width,
        takes_size=bool(sizes.vector_width),
    )


def control_part(sizes: ControlSizes, layout: Layout) -> Part:
    """Return the network of a file."""
    return Part(lambda: build_control(sizes), lambda module: control_keys(module, layout))


def build_control(sizes: ControlSizes) -> nn.Module:
    """Build the network."""
    from diffusers import ControlNetModel, ControlNetUnionModel

    shared: dict[str, Any] = {
        "in_channels": sizes.in_channels,
        "conditioning_channels": sizes.hint_channels,
        "down_block_types": tuple("CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in sizes.depths),
        "block_out_channels": sizes.channels,
        "layers_per_block": sizes.layers,
        "cross_attention_dim": sizes.context_width or HEAD_WIDTH,
        "transformer_layers_per_block": [max(depth, 1) for depth in _depths(sizes)],
        "attention_head_dim": _heads(sizes),
        "use_linear_projection": sizes.is_linear,
        "norm_num_groups": norm_groups(sizes.channels),
        "conditioning_embedding_out_channels": sizes.hints,
        "addition_time_embed_dim": sizes.time_ids_width,
        **_vector(sizes),
    }
    if sizes.types:
        union: nn.Module = ControlNetUnionModel(
            num_control_type=sizes.types,
            num_trans_channel=sizes.task_width,
            num_proj_channel=sizes.channels[0],
            **shared,
        )
        return union
    kind = "UNetMidBlock2DCrossAttn" if sizes.middle_depth else "UNetMidBlock2D"
    module: nn.Module = ControlNetModel(mid_block_type=kind, **shared)
    return module


def control_keys(module: nn.Module, layout: Layout) -> Mapping[str, Source]:
    """Map the names of a network to those of a file."""
    names = list(module.state_dict())
    if not layout.is_original:
        return {name: name for name in names}
    own = own_keys(names)
    keys = own | unet_keys([name for name in names if name not in own])
    return {name: layout.prefix + keys[name] for name in names}


def own_keys(names: Iterable[str]) -> dict[str, str]:
    """Map the names of what a ControlNet has beside a U-Net's layers to those of the original layout."""
    start, names = "controlnet_cond_embedding.blocks.", list(names)
    blocks = {name.removeprefix(start).split(".")[0] for name in names if name.startswith(start)}
    return {name: key for name in names if (key := _own_key(name, len(blocks))) is not None}


def _own_key(name: str, hint_blocks: int) -> str | None:
    """Return the key of what a ControlNet has beside a U-Net's layers."""
    match name.split("."):
        case ["controlnet_cond_embedding", "conv_in", leaf]:
            return f"input_hint_block.0.{leaf}"
        case ["controlnet_cond_embedding", "blocks", number, leaf]:
            return f"input_hint_block.{2 * int(number) + 2}.{leaf}"
        case ["controlnet_cond_embedding", "conv_out", leaf]:
            return f"input_hint_block.{2 * hint_blocks + 2}.{leaf}"
        case ["controlnet_down_blocks", number, leaf]:
            return f"zero_convs.{number}.0.{leaf}"
        case ["controlnet_mid_block", leaf]:
            return f"middle_block_out.0.{leaf}"
    return None


def _depth(header: Header, prefix: str) -> int:
    return len(header.numbers(f"{prefix}.transformer_blocks.", ".attn2.to_k.weight"))


def _depths(sizes: ControlSizes) -> tuple[int, ...]:
    """Return the depths of levels; diffusers takes the last level's for the middle too."""
    return (*sizes.depths[:-1], sizes.depths[-1] or sizes.middle_depth)


def _heads(sizes: ControlSizes) -> int | tuple[int, ...]:
    if not sizes.is_linear:
        return HEADS
    return tuple(max(1, channels // HEAD_WIDTH) for channels in sizes.channels)


def _vector(sizes: ControlSizes) -> dict[str, Any]:
    if not sizes.vector_width:
        return {}
    return {"addition_embed_type": "text_time", "projection_class_embeddings_input_dim": sizes.vector_width}
