"""From a file to handles.

    checkpoint = load_checkpoint(path, dtype=torch.float32)
    vae = load_vae(path)

Weights stay in the file, mapped into memory, until they are used. `dtype` None keeps the precision in which they are
stored; on a CPU float32 is much faster to compute in than float16.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families import sd1
from diffusion.checkpoints.fill import fill, open_weights
from diffusion.checkpoints.header import Header, read_header
from diffusion.errors import CheckpointError
from diffusion.models import Clip, Model, Vae
from diffusion.quantize import Precision, Precisions
from diffusion.text.embeddings import find_embedding
from diffusion.text.tokenizer import ClipTokenizer

VAE_PREFIXES = ("", sd1.VAE, "vae.")  # files of a VAE alone, whole checkpoints, and some exports


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
) -> Checkpoint:
    """Load a checkpoint; CheckpointError says what is wrong with the file and what to do.

    precisions: those of the three networks, in place of one `dtype` for all. vae_device: another device for the VAE.
    embedding_folders: where the textual inversions lie that prompts may name.
    """
    chosen = precisions or Precisions.all(dtype)
    header = read_header(path)
    family = detect(header)
    parts = family.read(header)
    weights = open_weights(header)
    digest = file_digest(header, chosen)
    model = Model(
        fill(parts.backbone, weights, chosen.unet, device),
        parts.parameterization,
        parts.latent_format,
        family=family.name,
        digest=f"{digest} model",
        computed=chosen.unet.computed,
    )
    clip = Clip(
        ClipTokenizer(),
        fill(parts.text, weights, chosen.text, device),
        embeddings=find_embedding(embedding_folders),
        digest=f"{digest} clip",
        computed=chosen.text.computed,
    )
    place = device if vae_device is None else vae_device
    vae = Vae(fill(parts.vae, weights, chosen.vae, place), parts.latent_format, digest=f"{digest} vae")
    return Checkpoint(model, clip, vae)


def load_vae(path: Path, *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu") -> Vae:
    """Load a VAE from a file of its own or from a checkpoint."""
    header = read_header(path)
    prefix = _vae_prefix(header)
    sizes = sd1.read_vae(header, prefix)
    module = fill(sd1.vae_part(sizes, prefix), open_weights(header), Precision(dtype), device)
    return Vae(module, sd1.latent_format(sizes), digest=f"{file_digest(header, dtype)} vae")


def file_digest(header: Header, precision: Precisions | torch.dtype | None) -> str:
    """Return a name for a file's content in a precision without reading it: from its header, size and time of change."""
    changed_ns = header.path.stat().st_mtime_ns
    seen = (sorted(header.tensors.items()), sorted(header.metadata.items()), header.nbytes, changed_ns, precision)
    return hashlib.blake2b(repr(seen).encode(), digest_size=16).hexdigest()


def _vae_prefix(header: Header) -> str:
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
