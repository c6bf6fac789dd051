"""Noise: decided by the seed, standard normal, and Brownian where it should be."""

from __future__ import annotations

import pytest
import torch

from diffusion.noise import brownian_noise, gaussian_noise, prepare_noise

LATENT = torch.zeros(2, 4, 32, 32)
SIGMAS = torch.tensor([14.614640235900879, 5.0, 1.0, 0.02916753850877285, 0.0])


def test_prepared_noise_is_the_global_generators_without_touching_it() -> None:
    torch.manual_seed(5)
    expected = torch.randn(LATENT.shape)
    state = torch.get_rng_state()
    torch.testing.assert_close(prepare_noise(LATENT, 5), expected, atol=0, rtol=0)
    assert torch.equal(torch.get_rng_state(), state)


def test_an_index_picks_the_noise_of_a_place_in_a_batch() -> None:
    whole = prepare_noise(torch.zeros(5, 4, 8, 8), 3, range(5))
    picked = prepare_noise(torch.zeros(3, 4, 8, 8), 3, (4, 1, 4))
    assert torch.equal(picked, whole[[4, 1, 4]])


@pytest.mark.parametrize("seed", [0, 2**64 - 1])
def test_all_seeds_are_taken(seed: int) -> None:
    assert prepare_noise(LATENT, seed).std() == pytest.approx(1.0, abs=0.05)
    assert gaussian_noise(LATENT, seed)(1.0, 0.5).std() == pytest.approx(1.0, abs=0.05)
    assert brownian_noise(LATENT, SIGMAS, seed)(1.0, 0.5).std() == pytest.approx(1.0, abs=0.05)


def test_added_noise_is_not_the_first_noise_again() -> None:
    assert not torch.allclose(gaussian_noise(LATENT, 5)(1.0, 0.5), prepare_noise(LATENT, 5))
    torch.testing.assert_close(gaussian_noise(LATENT, 5)(1.0, 0.5), prepare_noise(LATENT, 6), atol=0, rtol=0)


def test_every_draw_of_gaussian_noise_is_new() -> None:
    source = gaussian_noise(LATENT, 5)
    assert not torch.allclose(source(1.0, 0.5), source(1.0, 0.5))


def test_brownian_increments_add_up() -> None:
    source = brownian_noise(LATENT, SIGMAS, 5)
    whole = source(5.0, 1.0) * 4.0**0.5
    parts = source(5.0, 2.0) * 3.0**0.5 + source(2.0, 1.0)
    torch.testing.assert_close(whole, parts, atol=1e-4, rtol=1e-4)


def test_brownian_increments_turn_round_with_their_direction() -> None:
    source = brownian_noise(LATENT, SIGMAS, 5)
    torch.testing.assert_close(source(5.0, 1.0), -source(1.0, 5.0))


def test_brownian_increments_reach_both_ends_without_a_warning() -> None:
    highest, lowest = float(SIGMAS[0]), float(SIGMAS[-2])
    assert brownian_noise(LATENT, SIGMAS, 5)(highest, lowest).std() == pytest.approx(1.0, abs=0.05)
