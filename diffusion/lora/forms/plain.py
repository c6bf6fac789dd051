"""Changes that are not compressed: differences of weights and biases, differences of norms, whole weights."""

from __future__ import annotations

from diffusion.lora.changes import Additive, Replacement, Whole
from diffusion.lora.entry import Entry

DIFFERENCES = (".diff", ".w_norm")
BIAS_DIFFERENCES = (".diff_b", ".b_norm")
SET = ".set_weight"
SUFFIXES = (*DIFFERENCES, *BIAS_DIFFERENCES, SET)


def read(entry: Entry) -> Additive | Replacement | None:
    """Return the change of weights, None if the entry is of another form."""
    if SET in entry.tensors:
        return Replacement(entry.tensors[SET])
    value = next((entry.tensors[suffix] for suffix in DIFFERENCES if suffix in entry.tensors), None)
    return None if value is None else Additive(Whole(value))


def read_bias(entry: Entry) -> Additive | None:
    """Return the change of the bias, None if there is none."""
    value = next((entry.tensors[suffix] for suffix in BIAS_DIFFERENCES if suffix in entry.tensors), None)
    return None if value is None else Additive(Whole(value))
