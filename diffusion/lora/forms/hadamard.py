"""LoHa: two low-rank products that are multiplied element by element (LyCORIS)."""

from __future__ import annotations

from diffusion.lora.changes import Additive, Hadamard, LowRank
from diffusion.lora.entry import Entry

SUFFIXES = (".hada_w1_a", ".hada_w1_b", ".hada_w2_a", ".hada_w2_b", ".hada_t1", ".hada_t2")


def read(entry: Entry) -> Additive | None:
    """Return the change of weights, None if the entry is of another form."""
    if ".hada_w1_a" not in entry.tensors:
        return None
    product = Hadamard(_factors(entry, 1), _factors(entry, 2))
    return Additive(product, entry.scale(product.first.rank), entry.magnitude)


def _factors(entry: Entry, index: int) -> LowRank:
    up, down = entry.need(f".hada_w{index}_a"), entry.need(f".hada_w{index}_b")
    if ".hada_t1" not in entry.tensors:
        return LowRank(up, down)
    return LowRank(up.transpose(0, 1), down, entry.need(f".hada_t{index}"))  # with a core, w_a is (rank, outputs)
