"""Previews: a pixel a cell, linear in the latent, clipped to colours."""

from __future__ import annotations

import torch

from diffusion.latents import LatentFormat
from diffusion.preview import preview, preview_rgb


def test_a_preview_has_a_pixel_for_each_cell_of_the_first_latent() -> None:
    picture = preview(torch.zeros(2, 4, 6, 10), LatentFormat())
    assert (picture.size, picture.mode) == ((10, 6), "RGB")
    assert picture.getpixel((0, 0)) == (127, 127, 127)


def test_a_preview_is_the_matrix_of_the_family() -> None:
    factors = LatentFormat().rgb_factors
    for channel in range(4):
        latent = torch.zeros(1, 4, 1, 1)
        latent[0, channel] = 0.5
        expected = (torch.tensor(factors[channel]) * 0.5 + 1) / 2
        torch.testing.assert_close(preview_rgb(latent, LatentFormat())[0, 0], expected)


def test_colours_outside_are_clipped() -> None:
    assert preview_rgb(torch.full((1, 4, 2, 2), 1e3), LatentFormat()).max() <= 1
