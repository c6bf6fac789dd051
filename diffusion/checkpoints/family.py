"""Family: all that is to be known of one kind of model file, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from diffusion.adapters import Adapter, UNetAdapter
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.signature import Signature
from diffusion.checkpoints.views import Source
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.text.readers import Alone, Joiner, Reader

UNET = UNetAdapter()
ALONE = Alone()


class Part(NamedTuple):
    """One network of a file.

    build: makes it, without weights if called under the meta device. keys: from the names of its tensors to where they
    lie in the file, which is all that the two layouts differ in (but for sides of length 1 at the end of a shape).
    """

    build: Callable[[], nn.Module]
    keys: Callable[[nn.Module], Mapping[str, Source]]


class TextPart(NamedTuple):
    """A text encoder of a file: its kind among those of the family (diffusion.clip), and how it reads prompts."""

    kind: str
    part: Part
    reader: Callable[[], Reader]


class Parts(NamedTuple):
    """The networks of a file, and what cannot be seen in their weights."""

    backbone: Part
    text: tuple[TextPart, ...]
    vae: Part
    parameterization: Parameterization
    latent_format: LatentFormat
    adapter: Adapter = UNET
    joiner: Joiner = ALONE


@dataclass(frozen=True)
class Family:
    """A kind of model file.

    name: as handles have it. title: for people. read: from a header that matches to the networks; CheckpointError if
    the sizes do not fit together.
    """

    name: str
    title: str
    signature: Signature
    read: Callable[[Header], Parts]
