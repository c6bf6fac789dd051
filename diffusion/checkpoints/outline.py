"""The networks of a file, without weights and without their memory: what a plan may know before anything is loaded.

outline = read_outline(path, dtype=torch.float32)
outline["model"].module  # on the meta device
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.families import sd1
from diffusion.checkpoints.family import Part
from diffusion.checkpoints.fill import stored_dtype
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.load import file_digest, vae_prefix


@dataclass(frozen=True)
class Outline:
    """A network on the meta device, the digest that its handle will have, and the precision it will compute in."""

    module: nn.Module
    digest: str
    dtype: torch.dtype


def read_outline(path: Path, *, dtype: torch.dtype | None = None) -> Mapping[str, Outline]:
    """Return the networks of a checkpoint ("model", "clip", "vae") from its header alone."""
    header = read_header(path)
    parts = detect(header).read(header)
    named = {"model": parts.backbone, "clip": parts.text, "vae": parts.vae}
    return {kind: _outline(part, kind, path, dtype) for kind, part in named.items()}


def read_vae_outline(path: Path, *, dtype: torch.dtype | None = None) -> Mapping[str, Outline]:
    """Return the VAE of a file as load_vae finds it."""
    header = read_header(path)
    prefix = vae_prefix(header)
    return {"vae": _outline(sd1.vae_part(sd1.read_vae(header, prefix), prefix), "vae", path, dtype)}


def _outline(part: Part, kind: str, path: Path, dtype: torch.dtype | None) -> Outline:
    header = read_header(path)
    with torch.device("meta"):
        module = part.build()
    chosen = dtype or stored_dtype(header, part.keys(module).values())
    return Outline(module, f"{file_digest(header, dtype)} {kind}", chosen)
