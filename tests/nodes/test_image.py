"""Image operators: what each hands to the mathematics."""

from __future__ import annotations

import pytest
import torch

from nodes import image as operators


def picture(batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, 6, 8, 3, generator=torch.Generator().manual_seed(0))


def test_size_is_told_as_width_height_and_batch() -> None:
    assert operators.GetImageSize(picture(5)) == (8, 6, 5)


def test_inverting_twice_gives_the_picture() -> None:
    assert torch.allclose(operators.ImageInvert(operators.ImageInvert(picture())), picture())


def test_scaling_keeps_to_the_asked_size() -> None:
    assert operators.ImageScale(picture(), "lanczos", 16, 4, "center").shape == (1, 4, 16, 3)
    assert operators.ImageScaleBy(picture(), "bicubic", 2.0).shape == (1, 12, 16, 3)
    assert operators.ImageScaleToTotalPixels(picture(), "area", 0.01, 8).shape[1] % 8 == 0


def test_a_crop_takes_width_before_height() -> None:
    assert torch.equal(operators.ImageCrop(picture(), 2, 3, 4, 1), picture()[:, 1:4, 4:6])


@pytest.mark.parametrize("rotation", operators.ROTATIONS)
def test_rotation_is_clockwise_in_quarters(rotation: str) -> None:
    turned = operators.ImageRotate(picture(), rotation)
    assert torch.equal(turned, torch.rot90(picture(), -operators.ROTATIONS.index(rotation), (1, 2)))


def test_flips_name_the_axis_that_stays() -> None:
    assert torch.equal(operators.ImageFlip(picture(), "x-axis: vertically"), picture().flip(1))
    assert torch.equal(operators.ImageFlip(picture(), "y-axis: horizontally"), picture().flip(2))


def test_batches_join_repeat_and_give_back() -> None:
    both = operators.ImageBatch(picture(), operators.ImageInvert(picture()))
    assert torch.equal(operators.ImageFromBatch(both, -1, 5), 1 - picture())
    assert torch.equal(operators.RepeatImageBatch(picture(), 3)[2], picture()[0])


def test_room_for_outpainting_comes_with_its_mask() -> None:
    padded = operators.ImagePadForOutpaint(picture(), left=8, feathering=0)
    assert padded.IMAGE.shape == (1, 6, 16, 3)
    assert padded.MASK[0, 0].tolist() == [1.0] * 8 + [0.0] * 8


def test_no_operator_changes_what_it_receives() -> None:
    image, mask = picture(), torch.ones(1, 6, 8)
    operators.ImageCompositeMasked(image, 1 - image, 2, 2, mask=mask)
    operators.ImageBlend(image, operators.EmptyImage(3, 3, 1, 0xFFFFFF), 0.5, "soft_light")
    assert torch.equal(image, picture())
    assert torch.equal(mask, torch.ones(1, 6, 8))
