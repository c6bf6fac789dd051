"""Pictures made larger in tiles: seams do not show, memory that is short makes tiles smaller."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.errors import DiffusionError
from diffusion.upscale import upscale
from diffusion.upscalers.load import Upscaler


class Repeat(nn.Module):
    """Repeats each pixel; a picture larger than `most` is too large for its memory. Remembers the sizes that it saw."""

    def __init__(self, scale: int = 2, most: int = 10_000) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.scale, self.most = scale, most
        self.seen: list[tuple[int, int]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append((x.shape[-2], x.shape[-1]))
        if max(x.shape[-2:]) > self.most:
            raise torch.OutOfMemoryError("too large")
        return functional.interpolate(x, scale_factor=self.scale) * self.weight


def of(network: Repeat, channels: int = 3) -> Upscaler:
    return Upscaler(network, network.scale, channels)


def large(image: Tensor, scale: int = 2) -> Tensor:
    return image.repeat_interleave(scale, 1).repeat_interleave(scale, 2)


def test_tiles_make_the_picture_that_the_whole_makes() -> None:
    image, network, told = torch.rand(2, 100, 70, 3), Repeat(), []
    result = upscale(of(network), image, tile=64, overlap=16, on_tile=lambda *step: told.append(step))
    torch.testing.assert_close(result, large(image))
    assert max(max(size) for size in network.seen) <= 64
    assert told == [(number + 1, len(network.seen)) for number in range(len(network.seen))]


def test_short_memory_makes_tiles_smaller() -> None:
    image, network = torch.rand(1, 300, 600, 3), Repeat(most=200)
    torch.testing.assert_close(upscale(of(network), image), large(image))
    assert [max(size) for size in network.seen[:2]] == [512, 256]
    assert max(network.seen[-1]) <= 128


def test_memory_for_no_tile_at_all_is_an_error() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        upscale(of(Repeat(most=100)), torch.rand(1, 300, 300, 3))


def test_colours_outside_are_clipped_and_alpha_is_dropped() -> None:
    network: Any = Repeat()
    network.weight.data.fill_(3.0)
    result = upscale(of(network), torch.full((1, 4, 4, 4), 0.5))
    assert result.shape == (1, 8, 8, 3)
    assert result.unique().tolist() == [1.0]


@pytest.mark.parametrize("channels", [1, 4])
def test_an_upscaler_of_other_channels_is_refused(channels: int) -> None:
    with pytest.raises(DiffusionError, match=f"this upscaler takes {channels}"):
        upscale(of(Repeat(), channels), torch.rand(1, 4, 4, 3))
