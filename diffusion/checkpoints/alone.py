"""A network that is alone in its file: filled, or left in the file with a keeper.

loaded = load_alone(weights, part, "upscaler", Precision(torch.float32), keep=memory.keep)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import nn

from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.source import Keep, Source, file_digest
from diffusion.quantize import Precision
from diffusion.streaming import Keeper


class Alone(NamedTuple):
    """A network of a file, what keeps its weights, and a name for them."""

    module: nn.Module
    keeper: Keeper | None
    digest: str


def load_alone(
    weights: Weights,
    part: Part,
    kind: str,
    precision: Precision,
    *,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> Alone:
    """Build a network on a file's tensors. kind: what it is among the networks of the file."""
    source = Source(weights, file_digest(weights.header, precision.stored), device, keep)
    network = source.network(kind, part, precision)
    return Alone(network.module, network.keeper, source.digest_of(kind))
