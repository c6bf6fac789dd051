"""Latents as tokens: nothing is lost on the way, and references are placed as ComfyUI places them."""

from __future__ import annotations

import pytest
import torch

from diffusion.errors import DiffusionError
from diffusion.tokens import Origin, Size, grid, known_method, latent_of, origins, tokens_of


def latent(rows: int, columns: int) -> torch.Tensor:
    return torch.arange(2.0 * 3 * rows * columns).reshape(2, 3, rows, columns)


@pytest.mark.parametrize("patch", [1, 2])
@pytest.mark.parametrize("sides", [(4, 6), (5, 7), (1, 3)])
def test_a_latent_comes_back_from_its_tokens(sides: tuple[int, int], patch: int) -> None:
    x = latent(*sides)
    tokens = tokens_of(x, patch)
    assert tokens.shape == (2, -(-sides[0] // patch) * -(-sides[1] // patch), 3 * patch * patch)
    more = torch.cat((tokens, tokens), dim=1)
    assert torch.equal(latent_of(more, x.shape, patch), x)


def test_tokens_go_row_by_row_and_in_each_the_channels_go_first() -> None:
    tokens = tokens_of(latent(4, 6), 2)
    x = latent(4, 6)
    assert torch.equal(tokens[1, 4], x[1, :, 2:4, 2:4].flatten())


def test_places_are_picture_row_and_column() -> None:
    assert grid(Size(2, 2), Origin(3, 10, 20), axes=4).tolist() == [
        [3, 10, 20, 0],
        [3, 10, 21, 0],
        [3, 11, 20, 0],
        [3, 11, 21, 0],
    ]


def test_offset_puts_references_into_one_picture_along_its_shorter_side() -> None:
    x, references = latent(8, 8), [latent(4, 8), latent(6, 2), latent(2, 2)]
    assert origins("offset", x, references, patch=2) == [Origin(1, 0, 0), Origin(1, 2, 0), Origin(1, 0, 4)]


def test_index_puts_each_into_a_picture_of_its_own() -> None:
    assert origins("index", latent(8, 8), [latent(4, 8)] * 2, patch=1, step=10.0) == [Origin(10.0), Origin(20.0)]


def test_uxo_puts_them_beyond_the_corner_one_after_the_other() -> None:
    found = origins("uxo", latent(7, 10), [latent(4, 6), latent(2, 2)], patch=2)
    assert found == [Origin(0, 4, 5), Origin(0, 6, 8)]


def test_other_methods_are_refused() -> None:
    assert known_method("offset", ("index", "offset"), "Toy") == "offset"
    with pytest.raises(DiffusionError, match="Toy places reference latents by index, offset, not by sideways"):
        known_method("sideways", ("index", "offset"), "Toy")
