"""VaeKind: one kind of autoencoder as files have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.signature import Signature
from diffusion.latents import LatentFormat


class FoundVae(NamedTuple):
    """The autoencoder of a file, and the shape of its latents."""

    part: Part
    latent_format: LatentFormat


@dataclass(frozen=True)
class VaeKind:
    """A kind of autoencoder. read: from a header that matches, and the prefix of its keys."""

    name: str
    title: str
    signature: Signature
    read: Callable[[Header, str], FoundVae]
