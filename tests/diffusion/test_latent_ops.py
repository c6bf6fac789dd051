"""Operations on latents."""

from __future__ import annotations

import pytest
import torch

from diffusion import latent_ops
from diffusion.latents import Latent


def latent(rows: int = 16, columns: int = 16, batch: int = 1, seed: int = 0) -> Latent:
    return Latent(torch.randn(batch, 4, rows, columns, generator=torch.Generator().manual_seed(seed)))


def test_empty_latents_are_zeros_of_an_eighth_of_the_picture() -> None:
    made = latent_ops.empty(128, 64, 3)
    assert made.samples.shape == (3, 4, 8, 16)
    assert not made.samples.any()


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(256, 0, (16, 32)), (0, 256, (32, 64)), (256, 64, (8, 32)), (8, 8, (8, 8)), (0, 0, (8, 16))],
)
def test_upscaling_to_a_size_keeps_proportions_where_a_side_is_zero(
    width: int, height: int, shape: tuple[int, int]
) -> None:
    assert latent_ops.upscale(latent(8, 16), "bilinear", width, height, "disabled").samples.shape[-2:] == shape


def test_upscaling_by_a_factor_rounds_the_sides() -> None:
    assert latent_ops.upscale_by(latent(9, 16), "bislerp", 1.5).samples.shape[-2:] == (14, 24)


def test_four_quarter_turns_and_two_flips_are_no_change() -> None:
    start = latent(8, 12)
    turned = start
    for _ in range(4):
        turned = latent_ops.rotate(turned, 1)
    torch.testing.assert_close(turned.samples, start.samples)
    for vertically in (True, False):
        twice = latent_ops.flip(latent_ops.flip(start, vertically=vertically), vertically=vertically)
        torch.testing.assert_close(twice.samples, start.samples)


def test_a_quarter_turn_is_clockwise() -> None:
    start = latent(8, 8)
    torch.testing.assert_close(latent_ops.rotate(start, 1).samples[..., 0, -1], start.samples[..., 0, 0])


def test_cropping_takes_the_rectangle_and_moves_it_inside() -> None:
    start = latent(16, 16)
    torch.testing.assert_close(latent_ops.crop(start, 16, 32, 64, 64).samples, start.samples[..., 4:12, 2:10])
    torch.testing.assert_close(latent_ops.crop(start, 512, 512, 64, 64).samples, start.samples[..., 8:, 8:])
    assert latent_ops.crop(latent(4, 4), 64, 64, 64, 64).samples.shape[-2:] == (4, 4)


def test_composite_puts_one_latent_upon_another_and_cuts_what_hangs_over() -> None:
    below, above = latent(), latent(8, 8, seed=1)
    placed = latent_ops.composite(below, above, x=96, y=32).samples
    torch.testing.assert_close(placed[..., 4:12, 12:], above.samples[..., :4])
    torch.testing.assert_close(placed[..., :4, :], below.samples[..., :4, :])
    torch.testing.assert_close(placed[..., :12], below.samples[..., :12])


def test_composite_feathers_only_edges_inside() -> None:
    below, above = Latent(torch.zeros(1, 4, 16, 16)), Latent(torch.ones(1, 4, 8, 8))
    placed = latent_ops.composite(below, above, x=0, y=64, feather=16).samples[0, 0]
    assert placed[8:, 0].tolist() == [0.5, 1, 1, 1, 1, 1, 1, 1]  # fades down from above, the lower edge touches
    assert placed[15, :9].tolist() == [1, 1, 1, 1, 1, 1, 1, 0.5, 0]


def test_masked_composite_follows_the_mask() -> None:
    below, above = latent(batch=2), latent(16, 16, seed=1)
    mask = torch.zeros(1, 128, 128)
    mask[:, :, 64:] = 1
    placed = latent_ops.composite_masked(below, above, 0, 0, mask=mask).samples
    torch.testing.assert_close(placed[..., :7], below.samples[..., :7])
    torch.testing.assert_close(placed[..., 9:], above.samples[..., 9:].expand(2, -1, -1, -1))


def test_masked_composite_resizes_the_source_on_request() -> None:
    below, above = latent(), latent(4, 4, seed=1)
    placed = latent_ops.composite_masked(below, above, 0, 0, resize_source=True).samples
    torch.testing.assert_close(placed, latent_ops.upscale_by(above, "bilinear", 4).samples)


def test_arithmetic_fits_the_second_to_the_first() -> None:
    a, b = latent(batch=2), latent(8, 8, seed=1)
    summed = latent_ops.add(a, b)
    assert summed.samples.shape == a.samples.shape
    torch.testing.assert_close(latent_ops.subtract(summed, b).samples, a.samples)
    torch.testing.assert_close(latent_ops.multiply(a, -2.0).samples, a.samples * -2)


@pytest.mark.parametrize("batch", [1, 3, 4])
def test_interpolation_and_blending_end_at_both_latents(batch: int) -> None:
    a, b = latent(batch=batch), latent(batch=batch, seed=1)
    for mix in (latent_ops.interpolate, latent_ops.blend):
        torch.testing.assert_close(mix(a, b, 1.0).samples, a.samples)
        torch.testing.assert_close(mix(a, b, 0.0).samples, b.samples)


def test_cutting_undoes_joining() -> None:
    a, b = latent(8, 8), latent(8, 4, seed=1)
    joined = latent_ops.concat(a, b, -1)
    torch.testing.assert_close(latent_ops.cut(joined, -1, 8, 100).samples, b.samples)
    torch.testing.assert_close(latent_ops.cut(joined, -1, -4, 4).samples, b.samples)
    torch.testing.assert_close(latent_ops.cut(latent_ops.concat(a, b, -1, reverse=True), -1, 0, 4).samples, b.samples)


def test_operations_leave_their_inputs_as_they_were() -> None:
    a, b = latent(), latent(8, 8, seed=1)
    before = a.samples.clone()
    latent_ops.composite(a, b, 0, 0, 8)
    latent_ops.composite_masked(a, b, 0, 0)
    torch.testing.assert_close(a.samples, before, atol=0, rtol=0)
