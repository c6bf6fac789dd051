"""FreeU: stronger backbone features and weaker low frequencies of skip connections in the decoder (Si et al. 2024)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.patches import Remove


@dataclass(frozen=True)
class FreeU:
    """Scales the two deepest stages of a U-Net's decoder.

    b1, s1: backbone and skip where four times as many channels as in the first layer come in; b2, s2: twice as many.
    by_structure: scale by where the features are strong instead of everywhere alike (version 2).
    """

    b1: float
    b2: float
    s1: float
    s2: float
    by_structure: bool = False

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Look into the inputs of the decoder's residual blocks, which are backbone and skip side by side."""
        network: Any = backbone
        first = network.conv_in.out_channels
        scales = {first * 4: (self.b1, self.s1), first * 2: (self.b2, self.s2)}
        removes = []
        channels = network.mid_block.resnets[-1].out_channels
        for block in network.up_blocks:
            for resnet in block.resnets:
                if channels in scales:
                    removes.append(resnet.register_forward_pre_hook(self._scaler(channels, *scales[channels])).remove)
                channels = resnet.out_channels
        return removes

    def _scaler(self, channels: int, backbone: float, skip: float) -> Callable[[nn.Module, Any], Any]:
        def scale(module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            hidden, skipped = args[0][:, :channels], args[0][:, channels:]
            factor = structure(hidden) * (backbone - 1.0) + 1.0 if self.by_structure else backbone
            half = channels // 2
            parts = (hidden[:, :half] * factor, hidden[:, half:], scale_low_frequencies(skipped, skip))
            return (torch.cat(parts, dim=1), *args[1:])

        return scale


def structure(hidden: Tensor) -> Tensor:
    """Return the mean over channels (batch, 1, rows, columns), stretched to 0..1 in each picture."""
    mean = hidden.mean(dim=1, keepdim=True)
    low, high = mean.amin(dim=(2, 3), keepdim=True), mean.amax(dim=(2, 3), keepdim=True)
    return (mean - low) / (high - low)


def scale_low_frequencies(x: Tensor, scale: float) -> Tensor:
    """Scale the four lowest frequencies of (batch, channels, rows, columns): 0 and -1 in both directions."""
    spectrum = torch.fft.fftn(x.float(), dim=(-2, -1))
    rows, columns = x.shape[-2:]
    for row in {0, rows - 1}:
        for column in {0, columns - 1}:
            spectrum[..., row, column] *= scale
    filtered: Tensor = torch.fft.ifftn(spectrum, dim=(-2, -1)).real
    return filtered.to(x.dtype)
