"""Mask operators: what each hands to the mathematics."""

from __future__ import annotations

import pytest
import torch

from diffusion import masks
from nodes import mask as operators


def test_a_solid_mask_inverted_is_its_complement() -> None:
    solid = operators.SolidMask(0.25, 4, 3)
    assert solid.shape == (1, 3, 4)
    assert torch.equal(operators.InvertMask(solid), operators.SolidMask(0.75, 4, 3))


def test_a_frame_is_a_grown_mask_less_the_mask() -> None:
    small = operators.MaskComposite(operators.SolidMask(0, 9, 9), operators.SolidMask(1, 3, 3), 3, 3, "add")
    grown = operators.GrowMask(small, 1, False)
    assert operators.MaskComposite(grown, small, operation="subtract").sum() == 25 - 9


def test_a_crop_is_placed_by_x_and_y() -> None:
    feathered = operators.FeatherMask(operators.SolidMask(1, 8, 4), left=4)
    assert operators.CropMask(feathered, 1, 0, 2, 1).flatten().tolist() == [0.5, 0.75]
    assert operators.ThresholdMask(feathered, 0.5).sum(-1).unique().tolist() == [6]


@pytest.mark.parametrize("channel", masks.CHANNELS)
def test_channels_are_told_by_their_names(channel: str) -> None:
    image = torch.tensor([0.1, 0.2, 0.3, 0.4]).expand(1, 2, 2, 4)
    expected = 0.1 * (masks.CHANNELS.index(channel) + 1)
    assert operators.ImageToMask(image, channel).unique().tolist() == pytest.approx([expected])


def test_a_mask_shown_as_an_image_is_grey() -> None:
    image = operators.MaskToImage(operators.SolidMask(1.0, 2, 2))
    assert image.shape == (1, 2, 2, 3)
    assert operators.ImageColorToMask(image, 0xFFFFFF).min() == 1.0
