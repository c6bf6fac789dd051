"""LoRA and LoCon: two factors, and a core in the middle for some convolutions.

Keys end as kohya's scripts, diffusers, transformers or PEFT write them.
"""

from __future__ import annotations

from typing import NamedTuple

from diffusion.lora.changes import Additive, LowRank
from diffusion.lora.entry import Entry


class Spelling(NamedTuple):
    """How a program ends the keys of the factors."""

    up: str
    down: str
    mid: str | None = None


SPELLINGS = (
    Spelling(".lora_up.weight", ".lora_down.weight", ".lora_mid.weight"),  # kohya
    Spelling("_lora.up.weight", "_lora.down.weight"),  # diffusers' attention processors
    Spelling(".lora_B.weight", ".lora_A.weight"),  # PEFT
    Spelling(".lora.up.weight", ".lora.down.weight"),  # diffusers
    Spelling(".lora_B", ".lora_A"),
    Spelling(".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight"),  # diffusers' text encoders
    Spelling(".lora_B.default.weight", ".lora_A.default.weight"),  # PEFT with the adapter's name
)
SUFFIXES = tuple(suffix for spelling in SPELLINGS for suffix in spelling if suffix is not None)


def read(entry: Entry) -> Additive | None:
    """Return the change of weights, None if the entry is of another form."""
    for spelling in SPELLINGS:
        if spelling.up in entry.tensors:
            mid = None if spelling.mid is None else entry.tensors.get(spelling.mid)
            factors = LowRank(entry.need(spelling.up), entry.need(spelling.down), mid)
            return Additive(factors, entry.scale(factors.rank), entry.magnitude)
    return None
