"""Source: an open file of weights, and where its networks go.

source = Source.open(header, digest, device, keep)
model = source.model(found)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from diffusion.checkpoints.family import Backbone
from diffusion.checkpoints.fill import Weights, fill, fill_mapped, open_weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.vaes.kind import FoundVae
from diffusion.checkpoints.written import Written
from diffusion.clip import TextEncoder
from diffusion.models import Model, Vae
from diffusion.quantize import Precision, Precisions, Resolved, unpack_where_packed
from diffusion.streaming import Keeper
from diffusion.text.readers import Reader

SAMPLES, SAMPLE_BYTES = 256, 64

Keep = Callable[[nn.Module, str, Resolved], Keeper]
"""Takes over the weights of a network, which lie in the file, under a digest, to be kept and computed in a precision."""


class Network(NamedTuple):
    """A network of a file, its keeper if the weights are left in the file, and how they lie there."""

    module: nn.Module
    keeper: Keeper | None
    layout: Written


@dataclass(frozen=True)
class Source:
    """An open file, what tells its content ("" if unknown), and where its networks go."""

    weights: Weights
    digest: str
    device: torch.device | str
    keep: Keep | None

    @classmethod
    def open(cls, header: Header, digest: str, device: torch.device | str, keep: Keep | None) -> Source:
        """Map a file into memory."""
        return cls(open_weights(header), digest, device, keep)

    def with_tokenizers(self, folders: Iterable[Path]) -> Source:
        """Return the same with the folders of tokenizers that text encoders may need."""
        return replace(self, weights=replace(self.weights, tokenizer_folders=tuple(folders)))

    def network(self, kind: str, part: Part, precision: Precision) -> Network:
        """Return a network of the file, filled, or left in the file with a keeper."""
        if self.keep is None:
            module = fill(part, self.weights, precision, self.device)
            return Network(module, None, Written(part.keys, module, self.weights.header))
        mapped = fill_mapped(part, self.weights)
        resolved = precision.resolved(mapped.dtype)
        unpack_where_packed(mapped.module, resolved)
        keeper = self.keep(mapped.module, self.digest_of(kind), resolved)
        return Network(mapped.module, keeper, Written(part.keys, mapped.module, self.weights.header))

    def model(self, family: str, backbone: Backbone, precision: Precision) -> Model:
        """Return the diffusion network of the file."""
        network = self.network("model", backbone.part, precision)
        return Model(
            network.module,
            backbone.parameterization,
            backbone.latent_format,
            family=family,
            digest=self.digest_of("model"),
            adapter=backbone.adapter,
            computed=precision.computed,
            keeper=network.keeper,
            context_width=backbone.context_width,
            layout=network.layout,
        )

    def text_encoder(
        self, kind: str, part: Part, reader: Callable[[Weights], Reader], precision: Precision
    ) -> TextEncoder:
        """Return a text encoder of the file."""
        network = self.network(clip_name(kind), part, precision)
        return TextEncoder(
            kind,
            reader(self.weights),
            network.module,
            digest=self.digest_of(clip_name(kind)),
            computed=precision.computed,
            keeper=network.keeper,
            layout=network.layout,
        )

    def vae(self, found: FoundVae, precision: Precision) -> Vae:
        """Return the VAE of the file."""
        network = self.network("vae", found.part, precision)
        return Vae(
            network.module,
            found.latent_format,
            digest=self.digest_of("vae"),
            keeper=network.keeper,
            layout=network.layout,
        )

    def digest_of(self, kind: str) -> str:
        """Return what tells a network of the file."""
        return self.digest and f"{self.digest} {kind}"


def clip_name(kind: str) -> str:
    """Return the name of a text encoder's weights among those of its file."""
    return f"clip-{kind}"


def file_digest(header: Header, precision: Precisions | Precision | torch.dtype | None) -> str:
    """Return a name for a file's content in a precision without reading all of it.

    From its header, size, time of change and 256 samples of its bytes: archives and mirrors give many files one time,
    and two models of one architecture differ nearly everywhere.
    """
    changed_ns = header.path.stat().st_mtime_ns
    seen = (sorted(header.tensors.items()), sorted(header.metadata.items()), header.nbytes, changed_ns, precision)
    state = hashlib.blake2b(repr(seen).encode(), digest_size=16)
    with header.path.open("rb") as file:
        size = file.seek(0, 2)
        for number in range(SAMPLES):
            file.seek(size * number // SAMPLES)
            state.update(file.read(SAMPLE_BYTES))
    return state.hexdigest()
