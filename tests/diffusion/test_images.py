"""Images: sizes, places, batches, colours."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion import images

SIZES = st.integers(1, 12)


def picture(batch: int = 1, height: int = 6, width: int = 8, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(height * 100 + width)
    return torch.rand(batch, height, width, channels, generator=generator)


@pytest.mark.parametrize("method", images.SCALE_METHODS)
@pytest.mark.parametrize("crop", ["disabled", "center"])
def test_every_method_gives_the_size_that_was_asked_for(method: str, crop: str) -> None:
    scaled = images.scale(picture(2), 5, 7, method, crop)
    assert scaled.shape == (2, 7, 5, 3)


@pytest.mark.parametrize("method", images.SCALE_METHODS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_picture_of_one_colour_stays_so(method: str, channels: int) -> None:
    scaled = images.scale(torch.full((1, 6, 8, channels), 128 / 255), 13, 4, method)
    assert scaled.shape == (1, 4, 13, channels)
    one_level = 1.01 / 255  # Pillow multiplies colours by alpha, in eight bits
    assert torch.allclose(scaled, torch.tensor(128 / 255), atol=one_level if method == "lanczos" else 1e-5)


def test_a_side_of_zero_keeps_the_proportions() -> None:
    assert images.scale(picture(), 16, 0, "area").shape[1:3] == (12, 16)
    assert images.scale(picture(), 0, 3, "area").shape[1:3] == (3, 4)
    assert images.scale(picture(), 0, 0, "area").shape[1:3] == (6, 8)


def test_a_tiny_factor_leaves_a_pixel() -> None:
    assert images.scale_by(picture(), 0.01, "bilinear").shape[1:3] == (1, 1)


def test_total_pixels_gives_sides_of_the_wanted_multiple() -> None:
    scaled = images.scale_to_megapixels(picture(height=100, width=300), 0.01, 8, "nearest-exact")
    assert [side % 8 for side in scaled.shape[1:3]] == [0, 0]
    assert scaled.shape[1] * scaled.shape[2] == pytest.approx(0.01 * images.MEGAPIXEL, rel=0.1)


@given(height=SIZES, width=SIZES, quarters=st.integers(0, 3))
def test_turning_back_gives_the_picture(height: int, width: int, quarters: int) -> None:
    image = picture(height=height, width=width)
    assert torch.equal(images.rotate(images.rotate(image, quarters), 4 - quarters), image)


def test_a_quarter_turns_clockwise() -> None:
    image = picture()
    assert torch.equal(images.rotate(image, 1)[0, 0, -1], image[0, 0, 0])


def test_flipping_twice_gives_the_picture() -> None:
    image = picture()
    assert torch.equal(images.flip(image, vertically=True)[0, 0], image[0, -1])
    assert torch.equal(images.flip(image, vertically=False)[0, :, 0], image[0, :, -1])
    assert torch.equal(images.flip(images.flip(image, vertically=True), vertically=True), image)


@given(x=st.integers(0, 20), y=st.integers(0, 20), width=SIZES, height=SIZES)
def test_a_crop_lies_inside_and_is_never_empty(x: int, y: int, width: int, height: int) -> None:
    cut = images.crop(picture(), x, y, width, height)
    assert 1 <= cut.shape[1] <= height
    assert 1 <= cut.shape[2] <= width


def test_a_batch_fits_the_second_to_the_first_and_makes_it_opaque() -> None:
    both = images.batch(picture(channels=4), picture(2, 3, 3))
    assert both.shape == (3, 6, 8, 4)
    assert torch.allclose(both[1:, ..., 3], torch.tensor(1.0))


@given(index=st.integers(-9, 9), length=st.integers(1, 9))
def test_what_is_taken_out_of_a_batch_is_part_of_it(index: int, length: int) -> None:
    batch = torch.arange(4.0).reshape(4, 1, 1, 1)
    taken = images.from_batch(batch, index, length).flatten().tolist()
    start = max(0, min(3, index + 4 if index < 0 else index))
    assert taken == [0.0, 1.0, 2.0, 3.0][start : start + length]


def test_padding_keeps_the_picture_and_masks_the_rest() -> None:
    image = picture()
    padded = images.pad(image, 8, 0, 0, 16, 0)
    assert padded.image.shape == (1, 22, 16, 3)
    assert torch.equal(padded.image[:, :6, 8:], image)
    assert torch.equal(padded.mask == 0, torch.ones(1, 22, 16, dtype=torch.bool) & (padded.image != 0.5).any(-1))


def test_colour_is_read_as_red_green_blue() -> None:
    solid = images.solid(3, 2, 4, 0xFF8000)
    assert solid.shape == (4, 2, 3, 3)
    assert torch.allclose(solid[0, 0, 0], torch.tensor([1.0, 128 / 255, 0.0]))


@pytest.mark.parametrize("mode", list(images.BLENDS))
def test_blending_by_nothing_gives_the_first(mode: str) -> None:
    below, above = picture(), picture(height=3, width=9)
    assert torch.allclose(images.blend(below, above, 0.0, mode), below)
    blended = images.blend(below, above, 1.0, mode)
    assert blended.min() >= 0
    assert blended.max() <= 1


def test_white_multiplied_and_black_screened_change_nothing() -> None:
    below = picture()
    assert torch.allclose(images.blend(below, torch.ones_like(below), 1.0, "multiply"), below)
    assert torch.allclose(images.blend(below, torch.zeros_like(below), 1.0, "screen"), below)
    assert torch.allclose(images.blend(below, torch.full_like(below, 0.5), 1.0, "soft_light"), below, atol=1e-6)


def test_a_composite_changes_only_the_white_of_the_mask() -> None:
    below, above = torch.zeros(1, 6, 8, 3), torch.ones(1, 4, 4, 3)
    mask = torch.zeros(1, 4, 4)
    mask[:, :2] = 1.0
    placed = images.composite_masked(below, above, 6, 1, mask=mask)
    expected = torch.zeros(1, 6, 8, 3)
    expected[:, 1:3, 6:] = 1.0
    assert torch.equal(placed, expected)
    assert below.sum() == 0


def test_a_composite_outside_changes_nothing() -> None:
    below = picture()
    assert torch.equal(images.composite_masked(below, torch.ones(1, 2, 2, 3), 100, 100), below)


def test_blanking_makes_only_the_masked_part_grey() -> None:
    image, mask = picture(channels=4), torch.zeros(1, 1, 6, 8)
    mask[..., 4:] = 1.0
    blanked = images.blank(image, mask)
    assert torch.allclose(blanked[:, :, :4], image[:, :, :4])
    assert torch.allclose(blanked[:, :, 4:, :3], torch.tensor(0.5))
    assert torch.equal(blanked[..., 3], image[..., 3])


def test_bytes_and_back_lose_less_than_a_level() -> None:
    image = picture()
    (pixels,) = images.to_bytes(image)
    assert (images.from_bytes(pixels) - image[0]).abs().max() < 1 / 255
    assert images.to_bytes(torch.tensor([[[[-1.0], [2.0]]]]))[0].tolist() == [[0, 255]]
