"""Family: all that is to be known of one kind of diffusion network as files have it, as one value.

Text encoders and VAEs have registries of their own (diffusion.checkpoints.encoders, diffusion.checkpoints.vaes), for they come
inside a checkpoint or as files of their own, and families share them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from diffusion.adapters import Adapter, UNetAdapter
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.signature import Signature
from diffusion.checkpoints.written import Keys
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.text.readers import Alone, Joiner, Reader

UNET = UNetAdapter()
ALONE = Alone()


class Backbone(NamedTuple):
    """The diffusion network of a file, and what cannot be seen in its weights.

    context_width: of the vectors that it attends to, to be compared with what text encoders make; 0 leaves that out.
    """

    part: Part
    parameterization: Parameterization
    latent_format: LatentFormat
    adapter: Adapter = UNET
    context_width: int = 0


class Texts(NamedTuple):
    """How a family reads prompts.

    readers: by kind of encoder (diffusion.checkpoints.encoders); an open file may bring its own vocabulary. optional: the
    kinds that may be left out. is_one: the kinds are alternatives, of which a model of this family takes one.
    """

    readers: Mapping[str, Callable[[Weights], Reader]]
    joiner: Joiner = ALONE
    optional: frozenset[str] = frozenset()
    is_one: bool = False

    def fits(self, kinds: frozenset[str]) -> bool:
        """Return whether encoders of these kinds are all that it takes, and none too many."""
        if self.is_one:
            return len(kinds) == 1 and kinds <= self.readers.keys()
        return bool(kinds) and self.readers.keys() - self.optional <= kinds <= self.readers.keys()


@dataclass(frozen=True)
class Family:
    """A kind of diffusion network.

    name: as handles have it. title: for people. signature: of its keys behind their prefix. read: from a header that
    matches, and the prefix, to the network; CheckpointError if its sizes are not supported. clip_types: the names that loaders
    of text encoders have for it (ComfyUI's `type` of CLIPLoader). written: how text encoders lie in checkpoints that are
    written, by kind; ComfyUI puts those of newer families below `text_encoders.`, in the layout of transformers.
    """

    name: str
    title: str
    signature: Signature
    read: Callable[[Header, str], Backbone]
    texts: Texts
    clip_types: tuple[str, ...] = ()
    written: Mapping[str, Keys] = field(default_factory=dict)
