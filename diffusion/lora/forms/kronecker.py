"""LoKr: a Kronecker product of two factors, each whole or low-rank (LyCORIS)."""

from __future__ import annotations

from torch import Tensor

from diffusion.lora.changes import Additive, Kronecker, LowRank
from diffusion.lora.entry import Entry

SUFFIXES = (".lokr_w1", ".lokr_w2", ".lokr_w1_a", ".lokr_w1_b", ".lokr_w2_a", ".lokr_w2_b", ".lokr_t2")


def read(entry: Entry) -> Additive | None:
    """Return the change of weights, None if the entry is of another form."""
    if not any(suffix in entry.tensors for suffix in SUFFIXES):
        return None
    first, second = _factor(entry, 1), _factor(entry, 2)
    low_rank = next((factor for factor in (second, first) if isinstance(factor, LowRank)), None)
    scale = 1.0 if low_rank is None else entry.scale(low_rank.rank)  # alpha does not count for whole factors
    return Additive(Kronecker(first, second), scale, entry.magnitude)


def _factor(entry: Entry, index: int) -> Tensor | LowRank:
    whole = entry.tensors.get(f".lokr_w{index}")
    if whole is not None:
        return whole
    up, down = entry.need(f".lokr_w{index}_a"), entry.need(f".lokr_w{index}_b")
    core = entry.tensors.get(".lokr_t2") if index == 2 else None
    return LowRank(up, down) if core is None else LowRank(up.transpose(0, 1), down, core)
