"""Pictures side by side."""

from __future__ import annotations

import pytest
import torch

from diffusion.stitching import COLOURS, DIRECTIONS, stitch

LEFT, RIGHT = torch.zeros(1, 8, 6, 3), torch.ones(1, 8, 10, 3)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_second_lies_in_the_direction(direction: str) -> None:
    first, second = torch.zeros(1, 8, 8, 3), torch.ones(1, 8, 8, 3)
    whole = stitch(first, second, direction, matches=True, gap=0, colour="white")[0, :, :, 0]
    half = {"right": whole[:, 8:], "left": whole[:, :8], "down": whole[8:], "up": whole[:8]}[direction]
    assert half.min() == 1
    assert whole.sum() == 64


def test_the_second_gets_the_firsts_height_or_width() -> None:
    tall = torch.ones(1, 16, 4, 3)
    assert stitch(LEFT, tall, "right", matches=True, gap=0, colour="white").shape == (1, 8, 6 + 2, 3)
    assert stitch(LEFT, tall, "down", matches=True, gap=0, colour="white").shape == (1, 8 + 24, 6, 3)


def test_without_matching_bars_fill_the_smaller_one() -> None:
    tall = torch.ones(1, 16, 4, 3)
    whole = stitch(LEFT, tall, "right", matches=False, gap=0, colour="white")
    assert whole.shape == (1, 16, 10, 3)
    assert whole[0, :4, :6].min() == 1
    assert whole[0, 4:12, :6].max() == 0


@pytest.mark.parametrize("colour", COLOURS)
def test_the_gap_is_even_and_has_its_colour(colour: str) -> None:
    whole = stitch(LEFT, RIGHT, "right", matches=True, gap=3, colour=colour)
    assert whole.shape[2] == 6 + 4 + 10
    assert whole[0, 0, 6].tolist() == whole[0, 7, 9].tolist() == list(COLOURS[colour])


def test_batches_and_channels_are_evened_out() -> None:
    several = torch.rand(3, 8, 6, 3)
    whole = stitch(several, torch.zeros(1, 8, 10, 4), "right", matches=True, gap=2, colour="red")
    assert whole.shape == (3, 8, 6 + 2 + 10, 4)
    assert whole[:, :, :8, 3].min() == 1  # what had no transparency is opaque
    assert whole[:, :, 8:, 3].max() == 0
