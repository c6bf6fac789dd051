"""From a file to an upscaler.

upscaler = load_upscaler(path)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from diffusion.checkpoints.alone import load_alone
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep
from diffusion.errors import CheckpointError
from diffusion.handles import device_of, dtype_of
from diffusion.quantize import Precision
from diffusion.streaming import Keeper
from diffusion.upscalers import compact, rrdb
from diffusion.upscalers.architecture import Found

ARCHITECTURES = (rrdb.ARCHITECTURE, compact.ARCHITECTURE)
SHOWN_NAMES = 3


@dataclass(frozen=True)
class Upscaler:
    """A network that makes pictures `scale` times as large, of `in_channels` colours."""

    network: nn.Module
    scale: int
    in_channels: int
    digest: str = ""
    keeper: Keeper | None = None

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return device_of(self.keeper, self.network)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return dtype_of(self.keeper, self.network)


def load_upscaler(
    path: Path,
    *,
    dtype: torch.dtype | None = torch.float32,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> Upscaler:
    """Load an upscaler; keep: as load_checkpoint has it. CheckpointError says what the file holds instead."""
    weights = open_any(path)
    found = read_upscaler(weights.header).found
    loaded = load_alone(weights, found.part, "upscaler", Precision(dtype), device=device, keep=keep)
    return Upscaler(loaded.module, found.scale, found.in_channels, loaded.digest, loaded.keeper)


class Known(NamedTuple):
    """A network of a file, and the title of its architecture."""

    title: str
    found: Found


def read_upscaler(header: Header) -> Known:
    """Return the network that a file holds, from names and shapes alone."""
    for architecture in ARCHITECTURES:
        found = architecture.read(header)
        if found is not None:
            return Known(architecture.title, found)
    names = ", ".join(list(header.tensors)[:SHOWN_NAMES])
    raise CheckpointError(
        f"{header.path.name}: no upscaler of a known architecture is in this file. Seen: {len(header.tensors)} tensors, "
        f"such as {names}. Known: {', '.join(architecture.title for architecture in ARCHITECTURES)}."
    )
