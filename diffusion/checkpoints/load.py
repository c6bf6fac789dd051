"""From a file to handles.

    checkpoint = load_checkpoint(path, dtype=torch.float32)
    vae = load_vae(path)

Weights stay in the file, mapped into memory, until they are used. `dtype` None keeps the precision in which they are
stored; on a CPU float32 is much faster to compute in than float16.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families import sd1
from diffusion.checkpoints.family import Part, TextPart
from diffusion.checkpoints.fill import TensorFile, Weights, fill, fill_mapped, header_of, open_weights
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.networks.kl_vae import read_vae, vae_part
from diffusion.clip import Clip, TextEncoder
from diffusion.errors import CheckpointError
from diffusion.latents import LatentFormat
from diffusion.models import Model, Vae
from diffusion.quantize import Precision, Precisions, Resolved, unpack_where_packed
from diffusion.streaming import Keeper
from diffusion.text.embeddings import find_embedding

SAMPLES, SAMPLE_BYTES = 256, 64
VAE_PREFIXES = ("", sd1.VAE, "vae.")  # files of a VAE alone, whole checkpoints, and some exports

Keep = Callable[[nn.Module, str, Resolved], Keeper]
"""Takes over the weights of a network, which lie in the file, under a digest, to be kept and computed in a precision."""


@dataclass(frozen=True)
class Checkpoint:
    """The three networks of a checkpoint."""

    model: Model
    clip: Clip
    vae: Vae


def load_checkpoint(
    path: Path,
    *,
    dtype: torch.dtype | None = None,
    precisions: Precisions | None = None,
    device: torch.device | str = "cpu",
    vae_device: torch.device | str | None = None,
    embedding_folders: Iterable[Path] = (),
    keep: Keep | None = None,
) -> Checkpoint:
    """Load a checkpoint; CheckpointError says what is wrong with the file and what to do.

    precisions: those of the three networks, in place of one `dtype` for all. vae_device: another device for the VAE.
    embedding_folders: where the textual inversions lie that prompts may name. keep: leaves the weights in the file and
    gives them to a keeper, who brings them to its device when they are used; a VAE elsewhere is not given to it.
    """
    chosen = precisions or Precisions.all(dtype)
    header = read_header(path)
    family = detect(header)
    parts = family.read(header)
    weights = open_weights(header)
    digest = file_digest(header, chosen)
    source = _Source(weights, digest, device, keep)
    backbone = source.network("model", parts.backbone, chosen.unet)
    model = Model(
        backbone.module,
        parts.parameterization,
        parts.latent_format,
        family=family.name,
        digest=f"{digest} model",
        adapter=parts.adapter,
        computed=chosen.unet.computed,
        keeper=backbone.keeper,
    )
    encoders = tuple(source.text_encoder(part, chosen.text) for part in parts.text)
    clip = Clip(encoders, parts.joiner, embeddings=find_embedding(embedding_folders))
    elsewhere = source if vae_device is None else _Source(weights, digest, vae_device, None)
    return Checkpoint(model, clip, elsewhere.vae(parts.vae, parts.latent_format, chosen.vae))


def load_vae(
    path: Path,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> Vae:
    """Load a VAE from a file of its own or from a checkpoint; keep: as load_checkpoint has it."""
    header = read_header(path)
    return _vae(header, _Source(open_weights(header), file_digest(header, dtype), device, keep), dtype)


def vae_of_tensors(
    tensors: Mapping[str, Tensor], *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu"
) -> Vae:
    """Return the VAE of a file's tensors that somebody else has read; it lies on the device and has no digest."""
    header = header_of(tensors)
    vae = _vae(header, _Source(Weights(header, TensorFile(tensors)), "", device, None), dtype)
    return replace(vae, digest="")


def _vae(header: Header, source: _Source, dtype: torch.dtype | None) -> Vae:
    prefix = vae_prefix(header)
    sizes = read_vae(header, prefix)
    return source.vae(vae_part(sizes, prefix), sd1.latent_format(sizes), Precision(dtype))


class _Network(NamedTuple):
    module: nn.Module
    keeper: Keeper | None


@dataclass(frozen=True)
class _Source:
    """An open file, and where its networks go."""

    weights: Weights
    digest: str
    device: torch.device | str
    keep: Keep | None

    def network(self, kind: str, part: Part, precision: Precision) -> _Network:
        """Return a network of the file, filled, or left in the file with a keeper."""
        if self.keep is None:
            return _Network(fill(part, self.weights, precision, self.device), None)
        mapped = fill_mapped(part, self.weights)
        resolved = precision.resolved(mapped.dtype)
        unpack_where_packed(mapped.module, resolved)
        return _Network(mapped.module, self.keep(mapped.module, f"{self.digest} {kind}", resolved))

    def text_encoder(self, text: TextPart, precision: Precision) -> TextEncoder:
        """Return a text encoder of the file."""
        network = self.network(clip_name(text.kind), text.part, precision)
        return TextEncoder(
            text.kind,
            text.reader(),
            network.module,
            digest=f"{self.digest} {clip_name(text.kind)}",
            computed=precision.computed,
            keeper=network.keeper,
        )

    def vae(self, part: Part, latent_format: LatentFormat, precision: Precision) -> Vae:
        """Return the VAE of the file."""
        network = self.network("vae", part, precision)
        return Vae(network.module, latent_format, digest=f"{self.digest} vae", keeper=network.keeper)


def clip_name(kind: str) -> str:
    """Return the name of a text encoder's weights among those of its file."""
    return f"clip-{kind}"


def file_digest(header: Header, precision: Precisions | torch.dtype | None) -> str:
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


def vae_prefix(header: Header) -> str:
    """Return what the keys of a VAE begin with in a file."""
    for prefix in VAE_PREFIXES:
        if f"{prefix}decoder.conv_in.weight" in header.tensors:
            return prefix
    if "decoder.up_blocks.0.resnets.0.conv1.weight" in header.tensors:
        found = "a VAE in the layout of diffusers"
    else:
        found = f"{len(header.tensors)} tensors without decoder.conv_in.weight"
    raise CheckpointError(
        f"{header.path.name}: no VAE is in this file; found {found}, expected one in the latent-diffusion layout."
    )
