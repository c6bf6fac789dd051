"""What is to be known of one architecture of upscalers, as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part


class Found(NamedTuple):
    """A network of a file: how many times as large its pictures are, and the channels that it takes and gives."""

    part: Part
    scale: int
    in_channels: int
    out_channels: int


@dataclass(frozen=True)
class Architecture:
    """An architecture. read: from the names and shapes of a file; None if they are not its own."""

    title: str
    read: Callable[[Header], Found | None]
