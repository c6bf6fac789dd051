"""Real-ESRGAN's compact network: plain convolutions, all at the small size, whose channels become pixels at the end.

Wang et al. (2021), xinntao/Real-ESRGAN: SRVGGNetCompact. A numbered list: convolutions at even places, slopes at odd ones.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.upscalers.architecture import Architecture, Found


class CompactSizes(NamedTuple):
    """What makes one network differ from another. layers: convolutions between the first and the last."""

    in_channels: int
    out_channels: int
    width: int
    layers: int
    scale: int


class CompactNet(nn.Module):
    """The network: (batch, channels, height, width) in 0..1, larger by its scale."""

    def __init__(self, sizes: CompactSizes) -> None:
        super().__init__()
        self.scale = sizes.scale
        self.body = nn.ModuleList([nn.Conv2d(sizes.in_channels, sizes.width, 3, 1, 1), nn.PReLU(sizes.width)])
        for _ in range(sizes.layers):
            self.body += [nn.Conv2d(sizes.width, sizes.width, 3, 1, 1), nn.PReLU(sizes.width)]
        self.body.append(nn.Conv2d(sizes.width, sizes.out_channels * sizes.scale**2, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the larger picture."""
        y = x
        for layer in self.body:
            y = layer(y)
        return functional.pixel_shuffle(y, self.scale) + functional.interpolate(x, scale_factor=self.scale)


def read(header: Header) -> Found | None:
    """Return the network of a file."""
    places = header.numbers("body.", ".weight")
    first, slopes = header.shape("body.0.weight"), header.shape("body.1.weight")
    if first is None or slopes is None or len(first) != 4 or len(slopes) != 1 or len(places) != places[-1] + 1:
        return None
    last = header.required_shape(f"body.{places[-1]}.weight")
    channels = first[1]
    scale = math.isqrt(last[0] // channels)
    if scale < 1 or scale**2 * channels != last[0]:
        return None
    sizes = CompactSizes(channels, channels, first[0], layers=(len(places) - 3) // 2, scale=scale)
    part = Part(lambda: CompactNet(sizes), lambda module: {name: name for name in module.state_dict()})
    return Found(part, scale, channels, channels)


ARCHITECTURE = Architecture("Real-ESRGAN compact", read)
