"""Tiles: cover everything, agree with the whole where the function looks at single cells, and hide their seams."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from diffusion.tiles import TileSize, count_tiles, process_tiles


def enlarge(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=8)


def shrink(x: Tensor) -> Tensor:
    return functional.avg_pool2d(x, 8)


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@settings(max_examples=15)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([16, 32]), st.sampled_from([0, 4, 8]))
def test_a_function_of_single_cells_does_not_see_tiles(rows: int, columns: int, tile: int, overlap: int) -> None:
    x = randn(2, 3, rows, columns)
    torch.testing.assert_close(process_tiles(x, enlarge, TileSize(tile, 16), overlap, 8), enlarge(x))


def test_results_may_be_smaller_than_the_input() -> None:
    x = randn(1, 3, 328, 200)
    torch.testing.assert_close(process_tiles(x, shrink, TileSize(128, 64), 16, 1 / 8), shrink(x))


@pytest.mark.parametrize(("size", "tile", "overlap", "expected"), [(64, 64, 16, 1), (65, 64, 16, 4), (112, 64, 16, 4)])
def test_tiles_are_counted_before_they_are_computed(size: int, tile: int, overlap: int, expected: int) -> None:
    calls = []
    x = randn(1, 1, size, size)
    process_tiles(x, lambda part: calls.append(part) or part, TileSize(tile, tile), overlap, 1)
    assert len(calls) == count_tiles(x, TileSize(tile, tile), overlap) == expected


def test_no_tile_is_larger_than_asked_for() -> None:
    shapes = set()
    process_tiles(randn(1, 1, 50, 70), lambda x: shapes.add(x.shape[-2:]) or x, TileSize(16, 32), 8, 1)
    assert max(rows for rows, _ in shapes) == 16
    assert max(columns for _, columns in shapes) == 32


def test_neighbours_fade_into_each_other() -> None:
    """Two tiles of different brightness meet in a slope, not in a step."""
    values = iter((0.0, 1.0))
    row = process_tiles(torch.zeros(1, 1, 1, 28), lambda x: x + next(values), TileSize(1, 16), 4, 1)[0, 0, 0]
    assert row[:12].eq(0).all()
    assert row[16:].eq(1).all()
    assert row[11:17].diff().max() < 0.5
    assert bool((row.diff() >= 0).all())
