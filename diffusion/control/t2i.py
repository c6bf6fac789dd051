"""T2I-Adapters in files: full ones for SD1 and SDXL and light ones, in the original layout and in that of diffusers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source
from diffusion.control.net import Traits

PREFIX = "adapter."
FULL, FULL_XL, LIGHT = "full_adapter", "full_adapter_xl", "light_adapter"  # as diffusers names them
SIDE, SIDE_XL = 8, 16  # pixels on a side that become channels
XL_INPUTS = (SIDE_XL**2, 3 * SIDE_XL**2)
BLOCKS = 2  # residual blocks of a level in full adapters, which the original layout counts through


class AdapterSizes(NamedTuple):
    """What makes one adapter differ from another."""

    kind: str
    in_channels: int
    channels: tuple[int, ...]
    blocks: int
    side: int


class AdapterLayout(NamedTuple):
    """What names begin with, and whether levels are counted as diffusers does."""

    prefix: str
    is_original: bool


def read_adapter(header: Header) -> tuple[AdapterSizes, AdapterLayout] | None:
    """Return the sizes of an adapter and its layout; None if the file holds none that is known."""
    prefix = PREFIX if any(name.startswith(f"{PREFIX}body.") for name in header.tensors) else ""
    is_convolved = any(name.endswith("down_opt.op.weight") for name in header.tensors)
    if is_convolved:
        return None
    first = header.shape(f"{prefix}conv_in.weight")
    if first is None:
        return _light(header, prefix)
    is_original = header.shape(f"{prefix}body.0.block1.weight") is not None
    if not is_original and header.shape(f"{prefix}body.0.resnets.0.block1.weight") is None:
        return None
    is_xl = first[1] in XL_INPUTS
    side = SIDE_XL if is_xl else SIDE
    if is_original:
        places = header.numbers(f"{prefix}body.", ".block1.weight")[::BLOCKS]
        names = [f"{prefix}body.{place}.block1.weight" for place in places]
    else:
        names = [f"{prefix}body.{level}.resnets.0.block1.weight" for level in range(_levels(header, prefix))]
    channels = tuple(header.required_shape(name)[0] for name in names)
    blocks = BLOCKS if is_original else len(header.numbers(f"{prefix}body.0.resnets.", ".block1.weight"))
    sizes = AdapterSizes(FULL_XL if is_xl else FULL, first[1] // side**2, channels, blocks, side)
    return sizes, AdapterLayout(prefix, is_original)


def _light(header: Header, prefix: str) -> tuple[AdapterSizes, AdapterLayout] | None:
    first = header.shape(f"{prefix}body.0.in_conv.weight")
    if first is None or header.shape(f"{prefix}body.0.out_conv.weight") is None:
        return None
    levels = header.numbers(f"{prefix}body.", ".out_conv.weight")
    widths = [header.required_shape(f"{prefix}body.{level}.out_conv.weight")[0] for level in levels]
    is_original = header.shape(f"{prefix}body.0.body.0.block1.weight") is not None
    word = "body" if is_original else "resnets"
    blocks = len(header.numbers(f"{prefix}body.0.{word}.", ".block1.weight"))
    sizes = AdapterSizes(LIGHT, first[1] // SIDE**2, tuple(widths[:-1]), blocks, SIDE)
    return sizes, AdapterLayout(prefix, is_original)


def adapter_traits(sizes: AdapterSizes) -> Traits:
    """Return what its handle is to know of an adapter."""
    return Traits(kind="adapter", hint_channels=sizes.in_channels, multiple=sizes.side)


def adapter_part(sizes: AdapterSizes, layout: AdapterLayout) -> Part:
    """Return the adapter of a file."""
    return Part(lambda: build_adapter(sizes), lambda module: adapter_keys(module, sizes, layout))


def build_adapter(sizes: AdapterSizes) -> nn.Module:
    """Build the adapter."""
    from diffusers import T2IAdapter

    module: nn.Module = T2IAdapter(sizes.in_channels, list(sizes.channels), sizes.blocks, sizes.side, sizes.kind)
    return module


def adapter_keys(module: nn.Module, sizes: AdapterSizes, layout: AdapterLayout) -> Mapping[str, Source]:
    """Map the names of an adapter to those of a file."""
    found = {}
    for name in module.state_dict():
        own = name.removeprefix(PREFIX)
        found[name] = layout.prefix + (_original(own, sizes) if layout.is_original else own)
    return found


def _original(name: str, sizes: AdapterSizes) -> str:
    if sizes.kind == LIGHT:
        return name.replace(".resnets.", ".body.")
    match name.split("."):
        case ["body", level, "resnets", block, *rest]:
            return f"body.{int(level) * sizes.blocks + int(block)}.{'.'.join(rest)}"
        case ["body", level, "in_conv", leaf]:
            return f"body.{int(level) * sizes.blocks}.in_conv.{leaf}"
    return name


def _levels(header: Header, prefix: str) -> int:
    return len(header.numbers(f"{prefix}body.", ".resnets.0.block1.weight"))
