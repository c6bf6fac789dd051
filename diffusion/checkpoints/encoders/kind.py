"""EncoderKind: one kind of text encoder, and the layouts in which files have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.signature import Signature


class FoundEncoder(NamedTuple):
    """A text encoder of a file, and the width of the vectors that it makes."""

    part: Part
    width: int


class Layout(NamedTuple):
    """How files name an encoder's tensors. prefixes: what the names may begin with; read: from a header and the prefix."""

    signature: Signature
    prefixes: tuple[str, ...]
    read: Callable[[Header, str], FoundEncoder]


@dataclass(frozen=True)
class EncoderKind:
    """A kind of text encoder. inside: its layouts in checkpoints; alone: in files of its own, told by sizes too."""

    name: str
    title: str
    inside: tuple[Layout, ...]
    alone: tuple[Layout, ...]
