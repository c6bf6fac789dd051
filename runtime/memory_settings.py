"""What the user chose about memory; nothing here needs torch.

settings = MemorySettings(budget="40%", residence=Residence.LOW)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Residence(Enum):
    """How long weights stay on the device; ComfyUI's switches."""

    WHOLE = "highvram"  # whole networks, or an error
    NORMAL = "normalvram"  # as long as there is room
    LOW = "lowvram"  # until another network is used
    NONE = "novram"  # all are streamed


@dataclass(frozen=True)
class MemorySettings:
    """Choices about memory, as they are written.

    budget: all that weights and work may take of the device. reserve: what is to be left free of it, in GB if it has no
    unit. tables_on_device: embeddings too go to the device (--gpu-only). workspaces: the file of what was measured. ram: all
    that weights that left the device may take of the computer's memory; None leaves it to the kind of device.
    """

    budget: str | None = None
    reserve: str | None = None
    residence: Residence = Residence.NORMAL
    tables_on_device: bool = False
    workspaces: Path | None = None
    ram: str | None = None


class MemoryOptionError(ValueError):
    """An option about memory cannot be read; the sentence names it."""


def default_records() -> Path:
    """Return the file of workspaces that were measured: below the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weft" / "workspaces.json"
