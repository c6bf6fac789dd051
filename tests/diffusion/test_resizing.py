"""Sizes by rules, for pictures and masks."""

from __future__ import annotations

import pytest
import torch

from diffusion import resizing
from diffusion.resizing import KONTEXT_SIZES, Size

WIDE = Size(640, 480)


def test_sides_keep_their_proportions() -> None:
    assert resizing.longer_side(WIDE, 320) == resizing.by_factor(WIDE, 0.5) == Size(320, 240)
    assert resizing.longer_side(Size(480, 640), 320) == Size(240, 320)
    assert resizing.shorter_side(WIDE, 240) == Size(320, 240)
    assert resizing.shorter_side(Size(480, 640), 240) == Size(240, 320)
    assert resizing.longer_side(Size(9, 9), 4) == resizing.shorter_side(Size(9, 9), 4) == Size(4, 4)
    assert resizing.in_proportion(WIDE, 0, 240) == resizing.in_proportion(WIDE, 320, 0) == Size(320, 240)
    assert resizing.in_proportion(WIDE, 0, 0) == WIDE


def test_a_number_of_pixels_is_met_nearly() -> None:
    size = resizing.total_pixels(WIDE, 0.25)
    assert size.width * size.height == pytest.approx(0.25 * 1024 * 1024, rel=0.01)


def test_masks_are_resized_as_pictures_are() -> None:
    mask = torch.rand(2, 30, 40)
    image = mask.unsqueeze(-1).expand(-1, -1, -1, 3)
    for method in ("area", "bilinear", "lanczos"):
        small = resizing.resized(mask, Size(13, 9), method, "center")
        assert small.shape == (2, 9, 13)
        torch.testing.assert_close(small, resizing.resized(image, Size(13, 9), method, "center")[..., 0])


@pytest.mark.parametrize("shape", [(1, 100, 333), (2, 61, 70, 3), (1, 64, 64, 3)])
def test_sides_become_multiples(shape: tuple[int, ...]) -> None:
    planes = torch.rand(shape)
    cut = resizing.to_multiple(planes, 16, "area")
    assert cut.shape[1:3] == (shape[1] // 16 * 16, shape[2] // 16 * 16)


def test_what_is_too_small_for_a_multiple_stays() -> None:
    planes = torch.rand(1, 10, 40, 3)
    assert resizing.to_multiple(planes, 16, "area") is planes


@pytest.mark.parametrize("size", KONTEXT_SIZES)
def test_a_size_of_kontext_is_the_nearest_to_its_double(size: tuple[int, int]) -> None:
    assert resizing.kontext_size(Size(size[0] * 2, size[1] * 2)) == size
