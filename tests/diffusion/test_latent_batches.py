"""Batches of latents keep what belongs to each entry: samples, mask, noise."""

from __future__ import annotations

import torch

from diffusion import latent_batches
from diffusion.latents import Latent


def numbered(batch: int, rows: int = 8, first: int = 0) -> Latent:
    """Return a batch whose entries are filled with their number, masks too."""
    numbers = torch.arange(first, first + batch, dtype=torch.float32).view(-1, 1, 1, 1)
    return Latent(numbers.expand(-1, 4, rows, 8), (numbers / 100).expand(-1, 1, rows * 8, 64))


def numbers(latent: Latent) -> list[float]:
    return latent.samples[:, 0, 0, 0].tolist()


def test_joined_batches_keep_the_noise_of_both() -> None:
    joined = latent_batches.join(numbered(2), numbered(3, rows=16))
    assert joined.samples.shape == (5, 4, 8, 8)
    assert joined.batch_index == (0, 1, 0, 1, 2)


def test_selected_entries_keep_their_mask_and_noise() -> None:
    chosen = latent_batches.select(numbered(5), 1, 2)
    assert numbers(chosen) == [1, 2]
    assert chosen.batch_index == (1, 2)
    assert chosen.noise_mask is not None
    assert [round(float(mask.mean()) * 100) for mask in chosen.noise_mask] == [1, 2]


def test_selection_counts_from_the_end_and_stops_at_the_ends() -> None:
    assert numbers(latent_batches.select(numbered(5), -1, 4)) == [4]
    assert numbers(latent_batches.select(numbered(5), -9, 1)) == [0]
    assert latent_batches.select(latent_batches.select(numbered(5), 2, 3), 1, 1).batch_index == (3,)


def test_repeated_batches_get_new_noise() -> None:
    repeated = latent_batches.repeat(latent_batches.select(numbered(5), 2, 2), 3)
    assert numbers(repeated) == [2, 3] * 3
    assert repeated.batch_index == (2, 3, 4, 5, 6, 7)
    assert repeated.noise_mask is not None
    assert repeated.noise_mask.shape[0] == 6
    assert latent_batches.repeat(numbered(2), 2).batch_index is None


def test_fixed_noise_is_that_of_the_first_entry() -> None:
    assert latent_batches.with_fixed_noise(numbered(3)).batch_index == (0, 0, 0)


def test_rebatching_loses_nothing_and_joins_only_equal_sizes() -> None:
    parts = [numbered(2), numbered(3, first=2), numbered(1, rows=16, first=5)]
    batches = latent_batches.rebatch(parts, 2)
    assert [numbers(batch) for batch in batches] == [[0, 1], [2, 3], [4], [5]]
    assert [batch.batch_index for batch in batches] == [(0, 1), (2, 3), (4,), (5,)]


def test_rebatching_drops_masks_that_mask_nothing() -> None:
    assert latent_batches.rebatch([Latent(torch.zeros(2, 4, 8, 8))], 1)[0].noise_mask is None
    assert latent_batches.rebatch([numbered(2)], 1)[0].noise_mask is not None
