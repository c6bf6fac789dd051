"""ESRGAN's network: residual blocks in residual dense blocks, then a convolution at each doubling.

Wang et al. (2018), "ESRGAN", section 3.1; Wang et al. (2021), "Real-ESRGAN", section 3.3 for pixels that are folded into
channels first. Files have it under three sets of names: numbers of a sequence (the oldest), `RRDB_trunk` and `body`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source
from diffusion.upscalers.architecture import Architecture, Found

SLOPE, RESIDUAL = 0.2, 0.2  # of the leaky ReLU; how much of a block is added (Wang et al. 2018)
DENSE, DEPTH = 5, 3  # convolutions of a dense block; dense blocks of a residual block
NAMED_TRUNK = {"body": "RRDB_trunk", "conv_body": "trunk_conv", "conv_up": "upconv", "conv_hr": "HRconv"}


class RrdbSizes(NamedTuple):
    """What makes one network differ from another. fold: pixels on a side that become channels before all else."""

    in_channels: int
    out_channels: int
    width: int
    growth: int
    blocks: int
    doublings: int
    fold: int


class DenseBlock(nn.Module):
    """Convolutions of which each sees all that came before."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        for number in range(DENSE):
            out = width if number == DENSE - 1 else growth
            self.add_module(f"conv{number + 1}", nn.Conv2d(width + number * growth, out, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return x with what the block adds."""
        seen = [x]
        *convolutions, last = self.children()
        for convolution in convolutions:
            seen.append(functional.leaky_relu(convolution(torch.cat(seen, 1)), SLOPE, inplace=True))
        added: Tensor = last(torch.cat(seen, 1))
        return added * RESIDUAL + x


class ResidualBlock(nn.Module):
    """Dense blocks one after the other, added to what came in."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        for number in range(DEPTH):
            self.add_module(f"rdb{number + 1}", DenseBlock(width, growth))

    def forward(self, x: Tensor) -> Tensor:
        """Return x with what the block adds."""
        y = x
        for block in self.children():
            y = block(y)
        return y * RESIDUAL + x


class RrdbNet(nn.Module):
    """The network: (batch, channels, height, width) in 0..1, larger by its scale."""

    def __init__(self, sizes: RrdbSizes) -> None:
        super().__init__()
        self.fold = sizes.fold
        convolution = partial(nn.Conv2d, kernel_size=3, padding=1)
        self.conv_first = convolution(sizes.in_channels * sizes.fold**2, sizes.width)
        self.body = nn.ModuleList(ResidualBlock(sizes.width, sizes.growth) for _ in range(sizes.blocks))
        self.conv_body = convolution(sizes.width, sizes.width)
        self.conv_up = nn.ModuleList(convolution(sizes.width, sizes.width) for _ in range(sizes.doublings))
        self.conv_hr = convolution(sizes.width, sizes.width)
        self.conv_last = convolution(sizes.width, sizes.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the larger picture; sides that cannot be folded are filled up by repeating the edge, and cut again."""
        rows, columns = (-side % self.fold for side in x.shape[-2:])
        folded = functional.pad(x, (0, columns, 0, rows), "replicate") if rows or columns else x
        if self.fold > 1:
            folded = functional.pixel_unshuffle(folded, self.fold)
        first = y = self.conv_first(folded)
        for block in self.body:
            y = block(y)
        y = first + self.conv_body(y)
        for convolution in self.conv_up:
            y = _active(convolution(functional.interpolate(y, scale_factor=2, mode="nearest")))
        large: Tensor = self.conv_last(_active(self.conv_hr(y)))
        scale = 2 ** len(self.conv_up) // self.fold
        return large[..., : x.shape[-2] * scale, : x.shape[-1] * scale]


def _active(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, SLOPE, inplace=True)


def read(header: Header) -> Found | None:
    """Return the network of a file in any of the three layouts."""
    names = _names(header)
    if names is None:
        return None
    first, last = header.required_shape(f"{names.first}.weight"), header.required_shape(f"{names.last}.weight")
    dense = header.required_shape(names.block("0", "1", "1", "weight"))
    fold = math.isqrt(first[1] // last[0]) if first[1] in (4 * last[0], 16 * last[0]) else 1
    sizes = RrdbSizes(
        first[1] // fold**2, last[0], first[0], dense[0], names.blocks, doublings=len(names.ups), fold=fold
    )
    if 2**sizes.doublings % fold:
        return None  # smaller than what came in, which no upscaler is
    part = Part(lambda: RrdbNet(sizes), lambda module: rrdb_keys(module, names))
    return Found(part, 2**sizes.doublings // fold, sizes.in_channels, sizes.out_channels)


class Names(NamedTuple):
    """The names of one layout. dense: of a tensor of a dense block, to be filled in. blocks: how many residual blocks."""

    first: str
    dense: str
    blocks: int
    body: str
    ups: tuple[str, ...]
    hr: str
    last: str

    def block(self, number: str, dense: str, convolution: str, leaf: str) -> str:
        """Return the name of a tensor of a dense block."""
        return self.dense.format(number, dense, convolution, leaf)


def rrdb_keys(module: nn.Module, names: Names) -> Mapping[str, Source]:
    """Map the names of a network to those of a layout."""
    return {name: _key(name, names) for name in module.state_dict()}


def _key(name: str, names: Names) -> str:
    match name.split("."):
        case ["body", number, dense, convolution, leaf]:
            return names.block(number, dense[-1], convolution[-1], leaf)
        case ["conv_up", number, leaf]:
            return f"{names.ups[int(number)]}.{leaf}"
        case [place, leaf]:
            own = {"conv_first": names.first, "conv_body": names.body, "conv_hr": names.hr, "conv_last": names.last}
            return f"{own[place]}.{leaf}"
    raise AssertionError(name)


def _names(header: Header) -> Names | None:
    for read_names in (_numbered, partial(_named, NAMED_TRUNK), partial(_named, {})):
        names = read_names(header)
        if names is not None and header.shape(names.block("0", "1", "1", "weight")) is not None:
            return names
    return None


def _named(words: Mapping[str, str], header: Header) -> Names | None:
    body, hr = words.get("body", "body"), words.get("conv_hr", "conv_hr")
    dense = "RDB" if words else "rdb"
    if header.shape(f"{hr}.weight") is None or header.shape("conv_first.weight") is None:
        return None
    up = words.get("conv_up", "conv_up")
    return Names(
        first="conv_first",
        dense=f"{body}.{{}}.{dense}{{}}.conv{{}}.{{}}",
        blocks=len(header.numbers(f"{body}.", f".{dense}1.conv1.weight")),
        body=words.get("conv_body", "conv_body"),
        ups=tuple(f"{up}{number}" for number in header.numbers(up, ".weight")),
        hr=hr,
        last="conv_last",
    )


def _numbered(header: Header) -> Names | None:
    """Read the layout of a sequence: the places of convolutions say how often the picture is doubled."""
    places = header.numbers("model.", ".weight")
    blocks = len(header.numbers("model.1.sub.", ".RDB1.conv1.0.weight"))
    if len(places) < 3 or places[0] != 0 or not blocks:
        return None
    *ups, hr, last = (f"model.{place}" for place in places[1:])
    return Names("model.0", "model.1.sub.{}.RDB{}.conv{}.0.{}", blocks, f"model.1.sub.{blocks}", tuple(ups), hr, last)


ARCHITECTURE = Architecture("ESRGAN", read)
