"""Edges: where there is a step and nowhere else, one pixel wide, joined to strong ones."""

from __future__ import annotations

import torch

from diffusion.edges import edges


def picture(brightness: float, size: int = 32) -> torch.Tensor:
    """A square of some brightness in the middle of black."""
    image = torch.zeros(1, size, size, 3)
    image[:, 8:24, 8:24] = brightness
    return image


def test_a_flat_picture_has_no_edges() -> None:
    assert edges(torch.full((2, 16, 16, 3), 0.5), 0.1, 0.2).sum() == 0


def test_the_outline_of_a_square_is_found_one_pixel_wide() -> None:
    found = edges(picture(1.0), 0.4, 0.8)[0, :, :, 0]
    assert found.unique().tolist() == [0.0, 1.0]
    assert found[16].sum() == 2  # its left and right side
    assert found[:, 16].sum() == 2
    assert found[12:20, 12:20].sum() == 0


def test_weak_edges_count_only_where_they_hang_on_strong_ones() -> None:
    faint = torch.zeros(1, 32, 32, 3)
    faint[:, :, 16:] = 0.3
    assert edges(faint, 0.3, 1.5).sum() == 0
    growing = faint.clone()
    growing[:, :, 16:] = torch.linspace(0.3, 1.0, 32).view(1, -1, 1, 1)  # one edge, strong at its end only
    assert edges(growing, 0.3, 1.5)[0, 4].sum() == 1
    assert edges(growing, 1.5, 1.5)[0, 4].sum() == 0


def test_grey_pictures_are_read_too() -> None:
    assert torch.equal(edges(picture(1.0)[..., :1], 0.4, 0.8), edges(picture(1.0), 0.4, 0.8))
