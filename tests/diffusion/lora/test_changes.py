"""Compressed differences against their definitions, element by element."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from diffusion.lora.changes import (
    Additive,
    Hadamard,
    Kronecker,
    LowRank,
    Misfit,
    Replacement,
    Size,
    Whole,
    with_magnitude,
)

CPU = torch.device("cpu")


def rand(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed + sum(shape)), dtype=torch.float32)


def test_low_rank_is_the_product_of_its_factors() -> None:
    up, down = rand(6, 2), rand(2, 5)
    delta = LowRank(up, down)
    expected = sum(torch.outer(up[:, rank], down[rank]) for rank in range(2))
    torch.testing.assert_close(delta.unfold(CPU), expected)
    assert (delta.size, delta.rank) == (Size(6, 5), 2)


def test_a_core_makes_a_convolution_out_of_three_in_a_row() -> None:
    up, mid, down = rand(6, 3, 1, 1), rand(3, 3, 3, 3), rand(3, 5, 1, 1)
    delta = LowRank(up, down, mid)
    x, conv = rand(1, 5, 7, 7), torch.nn.functional.conv2d
    kernel = delta.unfold(CPU).reshape(6, 5, 3, 3)
    torch.testing.assert_close(conv(x, kernel), conv(conv(conv(x, down), mid), up), atol=1e-4, rtol=1e-4)
    assert delta.size == Size(6, 45)


def test_hadamard_multiplies_element_by_element() -> None:
    parts = rand(6, 2), rand(2, 5), rand(6, 2, seed=1), rand(2, 5, seed=1)
    delta = Hadamard(LowRank(*parts[:2]), LowRank(*parts[2:]))
    torch.testing.assert_close(delta.unfold(CPU), (parts[0] @ parts[1]) * (parts[2] @ parts[3]))


@pytest.mark.parametrize("kernel", [(), (3, 3)])
def test_kronecker_repeats_the_second_factor_scaled_by_the_first(kernel: tuple[int, ...]) -> None:
    first, second = rand(2, 3), rand(4, 5, *kernel)
    delta = Kronecker(first, second)
    whole = delta.unfold(CPU)
    assert whole.shape == (8, 15, *kernel)
    torch.testing.assert_close(whole[4:8, 5:10], first[1, 1] * second)
    assert delta.size == Size(8, 15 * torch.Size(kernel).numel())


def test_strength_and_scale_multiply_the_difference() -> None:
    weight, delta = rand(6, 5), rand(6, 5, seed=3)
    torch.testing.assert_close(Additive(Whole(delta), 0.5).apply(weight, 3.0), weight + 1.5 * delta)


def test_a_change_leaves_the_weight_it_was_given() -> None:
    weight, delta = rand(6, 5), rand(6, 5, seed=3)
    before = weight.clone()
    for change in (Additive(Whole(delta)), Additive(Whole(delta), 1.0, rand(1, 5).abs()), Replacement(delta)):
        change.apply(weight, 0.5)
        assert torch.equal(weight, before)


def test_a_magnitude_sets_the_length_of_each_input() -> None:
    weight, delta, magnitude = rand(6, 5), rand(6, 5, seed=3), rand(1, 5).abs()
    merged = Additive(Whole(delta), 1.0, magnitude).apply(weight, 1.0)
    torch.testing.assert_close(merged.norm(dim=0), magnitude[0])
    cosines = torch.nn.functional.cosine_similarity(merged, weight + delta, dim=0)
    torch.testing.assert_close(cosines, torch.ones(5))


def test_the_magnitude_that_weights_have_already_changes_nothing() -> None:
    weight = rand(6, 5, 3, 3)
    lengths = weight.flatten(1).norm(dim=1).reshape(6, 1, 1, 1)
    torch.testing.assert_close(with_magnitude(weight, weight, lengths), weight)


def test_strength_goes_along_the_line_between_both_weights() -> None:
    weight, change = rand(6, 5), Additive(Whole(rand(6, 5, seed=3)), 1.0, rand(1, 5).abs())
    whole, half = change.apply(weight, 1.0), change.apply(weight, 0.5)
    torch.testing.assert_close(half, (weight + whole) / 2)


def test_a_replacement_takes_no_notice_of_the_strength() -> None:
    assert torch.equal(Replacement(rand(6, 5)).apply(torch.zeros(6, 5), 0.1), rand(6, 5))


def test_misfits_are_told() -> None:
    with pytest.raises(Misfit, match="different ranks"):
        LowRank(rand(6, 2), rand(3, 5))
    assert Additive(LowRank(rand(6, 2), rand(2, 5))).misfit((6, 5)) is None
    assert "6 x 5" in str(Additive(LowRank(rand(6, 2), rand(2, 5))).misfit((6, 7)))
    assert "magnitude" in str(Additive(Whole(rand(6, 5)), 1.0, rand(4, 1)).misfit((6, 5)))
