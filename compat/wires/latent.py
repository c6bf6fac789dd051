"""LATENT: a Latent here, a dictionary in packs.

to_pack(Latent(samples, batch_index=(0, 2)))  # {"samples": samples, "batch_index": [0, 2]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from diffusion.latents import Latent

SAMPLES, MASK, INDEX = "samples", "noise_mask", "batch_index"


@dataclass(frozen=True)
class PackLatent(Latent):
    """A latent with more entries of a pack's dictionary, which operators leave alone."""

    more: Mapping[str, Any] = field(default_factory=dict)


def to_pack(latent: Latent) -> dict[str, Any]:
    """Return the dictionary; entries that are not there are left out."""
    found: dict[str, Any] = {SAMPLES: latent.samples}
    if latent.noise_mask is not None:
        found[MASK] = latent.noise_mask
    if latent.batch_index is not None:
        found[INDEX] = list(latent.batch_index)
    return {**found, **latent.more} if isinstance(latent, PackLatent) else found


def from_pack(value: Any) -> Any:
    """Return the latent of a dictionary with samples; anything else as it is."""
    if not isinstance(value, Mapping) or not isinstance(value.get(SAMPLES), Tensor):
        return value
    index = value.get(INDEX)
    own = (value[SAMPLES], value.get(MASK), None if index is None else tuple(int(each) for each in index))
    more = {key: entry for key, entry in value.items() if key not in (SAMPLES, MASK, INDEX)}
    return PackLatent(*own, more=more) if more else Latent(*own)
