"""The networks of a file, without weights and without their memory: what a plan may know before anything is loaded.

outline = read_outline(path, Precisions.all(torch.float32))
outline["model"].module  # on the meta device
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.family import Part
from diffusion.checkpoints.fill import lay_out_packed, stored_dtype
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.load import clip_name, file_digest, vae_prefix
from diffusion.checkpoints.networks.kl_vae import read_vae, vae_part
from diffusion.quantize import Precision, Precisions, Resolved


@dataclass(frozen=True)
class Outline:
    """A network on the meta device, the digest that its handle will have, its precisions, and the family it is of.

    kind: of a text encoder, among those of the family.
    """

    module: nn.Module
    digest: str
    precision: Resolved
    family: str = ""
    kind: str = ""


Outlines = Mapping[str, tuple[Outline, ...]]
"""By what a handle holds: "model", "clip" (one for each text encoder), "vae"."""


def read_outline(path: Path, precisions: Precisions) -> Outlines:
    """Return the networks of a checkpoint from its header alone."""
    header = read_header(path)
    family = detect(header)
    parts = family.read(header)
    digest = file_digest(header, precisions)

    def outline(part: Part, name: str, precision: Precision, kind: str = "") -> Outline:
        return replace(_outline(header, part, f"{digest} {name}", precision), family=family.name, kind=kind)

    return {
        "model": (outline(parts.backbone, "model", precisions.unet),),
        "clip": tuple(outline(text.part, clip_name(text.kind), precisions.text, text.kind) for text in parts.text),
        "vae": (outline(parts.vae, "vae", precisions.vae),),
    }


def read_vae_outline(path: Path, precisions: Precisions) -> Outlines:
    """Return the VAE of a file as load_vae finds it."""
    header = read_header(path)
    prefix = vae_prefix(header)
    dtype = precisions.vae.stored
    part = vae_part(read_vae(header, prefix), prefix)
    return {"vae": (_outline(header, part, f"{file_digest(header, dtype)} vae", Precision(dtype)),)}


def _outline(header: Header, part: Part, digest: str, precision: Precision) -> Outline:
    with torch.device("meta"):
        module = part.build()
    keys = part.keys(module)
    resolved = precision.resolved(stored_dtype(header, keys.values()))
    lay_out_packed(module, header, keys, resolved.computed)
    return Outline(module, digest, resolved)
