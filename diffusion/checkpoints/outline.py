"""The networks of files, without weights and without their memory: what a plan may know before anything is loaded.

outline = read_outline(path, Precisions.all(torch.float32))
outline["model"][0].module  # on the meta device
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.fill import lay_out_packed, stored_dtype
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.load import vae_in
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.source import clip_name, file_digest
from diffusion.checkpoints.together import whole_of
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
    whole = whole_of(header)
    digest = file_digest(header, precisions)

    def outline(part: Part, name: str, precision: Precision, kind: str = "") -> Outline:
        made = _outline(header, part, f"{digest} {name}", precision)
        return replace(made, family=whole.family.name, kind=kind)

    return {
        "model": (outline(whole.backbone.part, "model", precisions.unet),),
        "clip": tuple(
            outline(encoder.part, clip_name(kind), precisions.text, kind) for kind, encoder in whole.encoders.items()
        ),
        "vae": () if whole.vae is None else (outline(whole.vae.part, "vae", precisions.vae),),
    }


def read_model_outline(path: Path, precisions: Precisions) -> Outlines:
    """Return the diffusion network of a file as load_diffusion_model finds it."""
    header = read_header(path)
    found, precision = detect(header), precisions.unet
    made = _outline(header, found.read(header).part, f"{file_digest(header, precision)} model", precision)
    return {"model": (replace(made, family=found.family.name),)}


def read_clip_outline(path: Path, precisions: Precisions) -> Outlines:
    """Return the text encoder of a file as load_clip finds it."""
    header = read_header(path)
    (kind, encoder), precision = encoder_alone(header), precisions.text
    made = _outline(header, encoder.part, f"{file_digest(header, precision)} {clip_name(kind)}", precision)
    return {"clip": (replace(made, kind=kind),)}


def read_vae_outline(path: Path, precisions: Precisions) -> Outlines:
    """Return the VAE of a file as load_vae finds it."""
    header = read_header(path)
    dtype = precisions.vae.stored
    return {"vae": (_outline(header, vae_in(header).part, f"{file_digest(header, dtype)} vae", Precision(dtype)),)}


def _outline(header: Header, part: Part, digest: str, precision: Precision) -> Outline:
    module = part.outline()
    keys = part.keys(module)
    resolved = precision.resolved(stored_dtype(header, keys.values()))
    lay_out_packed(module, header, keys, resolved.computed)
    return Outline(module, digest, resolved)
