"""Masks: combine, grow, feather, and what inpainting makes of them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion import masks


def dot(side: int = 11) -> torch.Tensor:
    mask = torch.zeros(1, side, side)
    mask[0, side // 2, side // 2] = 1.0
    return mask


def noise(seed: int, side: int = 9) -> torch.Tensor:
    return torch.rand(2, side, side, generator=torch.Generator().manual_seed(seed))


@given(pixels=st.integers(0, 5))
def test_a_dot_grows_to_a_square_or_a_diamond(pixels: int) -> None:
    assert masks.grow(dot(), pixels, tapered=False).sum() == (2 * pixels + 1) ** 2
    assert masks.grow(dot(), pixels, tapered=True).sum() == 2 * pixels * (pixels + 1) + 1


@given(pixels=st.integers(-4, 4), tapered=st.booleans(), seed=st.integers(0, 99))
def test_shrinking_is_growing_the_black(pixels: int, tapered: bool, seed: int) -> None:
    mask = noise(seed)
    shrunk = masks.grow(mask, -pixels, tapered=tapered)
    assert torch.allclose(shrunk, 1 - masks.grow(1 - mask, pixels, tapered=tapered))


def test_growing_far_beyond_the_picture_fills_it() -> None:
    assert masks.grow(dot(), 16_384, tapered=True).min() == 1.0


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("multiply", [0, 0, 0, 1]),
        ("add", [0, 1, 1, 1]),
        ("subtract", [0, 0, 1, 0]),
        ("and", [0, 0, 0, 1]),
        ("or", [0, 1, 1, 1]),
        ("xor", [0, 1, 1, 0]),
    ],
)
def test_each_operation_has_its_truth_table(operation: str, expected: list[int]) -> None:
    below = torch.tensor([[[0.0, 0.0, 1.0, 1.0]]])
    above = torch.tensor([[[0.0, 1.0, 0.0, 1.0]]])
    assert masks.combine(below, above, 0, 0, operation).flatten().tolist() == expected
    assert set(masks.OPERATIONS) == {"multiply", "add", "subtract", "and", "or", "xor"}


@given(x=st.integers(0, 20), y=st.integers(0, 20))
def test_combining_changes_only_where_the_masks_meet(x: int, y: int) -> None:
    below = torch.zeros(1, 9, 9)
    combined = masks.combine(below, torch.ones(1, 4, 4), x, y, "add")
    expected = torch.zeros(1, 9, 9)
    expected[:, y : y + 4, x : x + 4] = 1.0
    assert torch.equal(combined, expected)
    assert below.sum() == 0


def test_feathering_rises_from_each_side() -> None:
    feathered = masks.feather(torch.ones(1, 8, 8), 4, 0, 2, 0)
    assert feathered[0, 3].tolist() == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0, 0.5]
    assert torch.equal(masks.feather(noise(1), 0, 0, 0, 0), noise(1))


def test_feathering_wider_than_the_mask_uses_all_of_it() -> None:
    feathered = masks.feather(torch.ones(1, 1, 4), 100, 0, 0, 0)
    assert feathered.flatten().tolist() == [0.25, 0.5, 0.75, 1.0]


def test_a_crop_is_never_empty() -> None:
    assert masks.crop(dot(), 50, 50, 4, 4).shape == (1, 1, 1)
    assert masks.crop(dot(), 4, 5, 3, 2).shape == (1, 2, 3)


def test_threshold_is_exclusive() -> None:
    assert masks.threshold(torch.tensor([[[0.4, 0.5, 0.6]]]), 0.5).flatten().tolist() == [0, 0, 1]


def test_a_missing_channel_is_told_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="has no channel alpha, only red, green, blue"):
        masks.from_channel(torch.zeros(1, 2, 2, 3), "alpha")
    assert torch.equal(masks.from_channel(torch.ones(1, 2, 2, 4), "alpha"), torch.ones(1, 2, 2))


def test_a_mask_is_its_image_s_channels() -> None:
    assert torch.equal(masks.from_channel(masks.to_image(noise(3)), "green"), noise(3))


def test_one_colour_is_found_exactly() -> None:
    image = torch.tensor([[[[1.0, 0.0, 0.0], [1.0, 1 / 255, 0.0]]]])
    assert masks.from_colour(image, 0xFF0000).flatten().tolist() == [1, 0]
    assert masks.from_colour(image, 0xFF0100).flatten().tolist() == [0, 1]


def test_the_mask_of_a_padded_picture_fades_only_at_padded_sides() -> None:
    mask = masks.padding_mask(12, 20, 8, 0, 0, 0, 4)[0]
    assert mask.shape == (12, 28)
    assert mask[:, :8].min() == 1.0
    assert mask[6, 8:12].tolist() == [1.0, 0.5625, 0.25, 0.0625]
    assert mask[:, 12:].max() == 0.0


def test_a_feather_wider_than_half_the_picture_is_left_out() -> None:
    assert masks.padding_mask(8, 8, 4, 4, 4, 4, 4)[0, 4:12, 4:12].max() == 0.0


@given(grow_by=st.integers(0, 8))
def test_the_inpainting_mask_covers_what_is_blanked(grow_by: int) -> None:
    fitted = masks.inpaint_masks(dot(16), 16, 24, grow_by)
    assert fitted.blank.shape == fitted.change.shape == (1, 1, 16, 24)
    assert bool((fitted.change >= fitted.blank.round()).all())
    assert set(fitted.change.unique().tolist()) <= {0.0, 1.0}
