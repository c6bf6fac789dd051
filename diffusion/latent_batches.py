"""Batches of latents: join, choose, repeat, regroup. `batch_index` says which noise of the seed an entry gets.

third = select(batch([a, b]), 2, 1)  # keeps the noise that entry 2 had
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional

from diffusion.latent_ops import CELL
from diffusion.latents import Latent
from diffusion.resize import repeat_to_batch, resize


def indices(latent: Latent) -> tuple[int, ...]:
    """Return which noise of the seed each entry gets."""
    return latent.batch_index if latent.batch_index is not None else tuple(range(latent.samples.shape[0]))


def join(a: Latent, b: Latent) -> Latent:
    """Put the entries of b, resized to a's size, after those of a."""
    other = b.samples
    if other.shape[1:] != a.samples.shape[1:]:
        other = resize(other, a.samples.shape[-1], a.samples.shape[-2], "bilinear", crop="center")
    return replace(a, samples=torch.cat((a.samples, other)), batch_index=indices(a) + indices(b))


def select(latent: Latent, start: int, length: int) -> Latent:
    """Return `length` entries from `start` (negative: from the end), as many as there are, with their noise."""
    count = latent.samples.shape[0]
    start = max(0, min(count - 1, start + count if start < 0 else start))
    chosen = slice(start, min(count, start + length))
    mask = latent.noise_mask
    if mask is not None and mask.shape[0] > 1:
        mask = repeat_to_batch(mask, count)[chosen]
    return Latent(latent.samples[chosen], mask, indices(latent)[chosen], latent.kinds)


def repeat(latent: Latent, amount: int) -> Latent:
    """Repeat the whole batch; entries with a `batch_index` get new noise each time, the others by their place."""
    count = latent.samples.shape[0]
    mask = latent.noise_mask
    if mask is not None and mask.shape[0] > 1:
        mask = repeat_to_batch(mask, count).repeat(amount, 1, 1, 1)
    index = latent.batch_index
    if index is not None:
        span = max(index) - min(index) + 1
        index = tuple(entry + turn * span for turn in range(amount) for entry in index)
    return Latent(latent.samples.repeat(amount, 1, 1, 1), mask, index, latent.kinds)


def with_fixed_noise(latent: Latent) -> Latent:
    """Let all entries get the noise of the first."""
    return replace(latent, batch_index=(indices(latent)[0],) * latent.samples.shape[0])


def rebatch(latents: Iterable[Latent], size: int) -> list[Latent]:
    """Regroup: neighbours of one size are joined, then split into batches of at most `size`."""
    entries = list(_numbered(latents))
    batches = []
    for _, group in groupby(entries, key=lambda latent: latent.samples.shape[1:]):
        batches += _split(list(group), size)
    return batches


def _numbered(latents: Iterable[Latent]) -> Iterator[Latent]:
    """Yield the latents with masks of their own size and indices that count on through the list."""
    offset = 0
    for latent in latents:
        count = latent.samples.shape[0]
        index = latent.batch_index or tuple(range(offset, offset + count))
        offset += count
        yield Latent(latent.samples, _full_mask(latent), index, latent.kinds)


def _full_mask(latent: Latent) -> Tensor:
    count, _, rows, columns = latent.samples.shape
    size = (rows * CELL, columns * CELL)
    if latent.noise_mask is None:
        return torch.ones(count, 1, *size)
    planes = latent.noise_mask.reshape(-1, 1, *latent.noise_mask.shape[-2:])
    if planes.shape[-2:] != size:
        planes = functional.interpolate(planes, size=size, mode="bilinear")
    return repeat_to_batch(planes, count)


def _split(group: Sequence[Latent], size: int) -> list[Latent]:
    samples = torch.cat([latent.samples for latent in group])
    masks = torch.cat([latent.noise_mask for latent in group if latent.noise_mask is not None])
    index = tuple(entry for latent in group for entry in indices(latent))
    batches = []
    for start in range(0, len(index), size):
        chosen = slice(start, start + size)
        mask = None if bool((masks[chosen] == 1).all()) else masks[chosen]
        batches.append(Latent(samples[chosen], mask, index[chosen], group[0].kinds))
    return batches
