"""Where the blocks of a U-Net lie: ComfyUI's counting of blocks, and the modules of diffusers' network.

    places = places_of(backbone)
    places.attentions[0].block, places.attentions[0].module  # ("input", 1), a BasicTransformerBlock

`input` blocks are conv_in, then each layer (with its attention) and each downsampler; `output` blocks the layers of the way
up. This is the order of the original files, which diffusion.checkpoints.ldm_keys knows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import nn

Block = tuple[str, int]


class Attention(NamedTuple):
    """A transformer block: where it lies, its place there, and the number of what is around it in the whole network."""

    block: Block
    place: int
    number: int
    module: Any
    around: Any  # the module with the picture's rows and columns


class InputBlock(NamedTuple):
    """A block of the way down: the module that ends it, and the one that its output goes to next."""

    block: Block
    last: nn.Module
    following: nn.Module


class OutputBlock(NamedTuple):
    """A block of the way up: what takes backbone and skip side by side, and how many channels the backbone has."""

    block: Block
    resnet: nn.Module
    channels: int


class Places(NamedTuple):
    """All of a network."""

    attentions: tuple[Attention, ...]
    inputs: tuple[InputBlock, ...]
    middle: nn.Module
    outputs: tuple[OutputBlock, ...]
    time: nn.Module
    model_channels: int


def is_unet(backbone: Any) -> bool:
    """Return whether a network has these places."""
    return all(hasattr(backbone, name) for name in ("conv_in", "down_blocks", "mid_block", "up_blocks"))


def places_of(backbone: Any) -> Places:
    """Find the places of diffusers' UNet2DConditionModel."""
    ends, found = _way_down(backbone)
    found.append((("middle", 0), list(getattr(backbone.mid_block, "attentions", ()))))
    outputs, attentions_up = _way_up(backbone)
    firsts = [first for _, first, _ in ends[1:]] + [backbone.mid_block.resnets[0]]
    inputs = tuple(InputBlock(block, last, after) for (block, _, last), after in zip(ends, firsts, strict=True))
    return Places(
        attentions=_numbered([*found, *attentions_up]),
        inputs=inputs,
        middle=backbone.mid_block,
        outputs=tuple(outputs),
        time=backbone.time_embedding,
        model_channels=backbone.conv_in.out_channels,
    )


Found = list[tuple[Block, list[Any]]]


def _way_down(backbone: Any) -> tuple[list[tuple[Block, Any, Any]], Found]:
    """Return blocks with their first and last modules, and the attentions in them."""
    ends: list[tuple[Block, Any, Any]] = [(("input", 0), backbone.conv_in, backbone.conv_in)]
    found: Found = []
    for level in backbone.down_blocks:
        attentions = list(getattr(level, "attentions", ()))
        for layer, resnet in enumerate(level.resnets):
            block = ("input", len(ends))
            ends.append((block, resnet, attentions[layer] if attentions else resnet))
            found.append((block, attentions[layer : layer + 1]))
        for sampler in level.downsamplers or ():
            ends.append((("input", len(ends)), sampler, sampler))
    return ends, found


def _way_up(backbone: Any) -> tuple[list[OutputBlock], Found]:
    outputs: list[OutputBlock] = []
    found: Found = []
    channels = backbone.mid_block.resnets[-1].out_channels
    for level in backbone.up_blocks:
        attentions = list(getattr(level, "attentions", ()))
        for layer, resnet in enumerate(level.resnets):
            block = ("output", len(outputs))
            outputs.append(OutputBlock(block, resnet, channels))
            found.append((block, attentions[layer : layer + 1]))
            channels = resnet.out_channels
    return outputs, found


def _numbered(found: Found) -> tuple[Attention, ...]:
    numbers = [(block, around) for block, attentions in found for around in attentions]
    return tuple(
        Attention(block, place, number, module, around)
        for number, (block, around) in enumerate(numbers)
        for place, module in enumerate(around.transformer_blocks)
    )
