"""What belongs together: the networks of a checkpoint, and text encoders from several files.

whole = whole_of(header)  # the diffusion network, and the text encoders and VAE that lie beside it
family = family_for("sdxl", [("a.safetensors", "l"), ("b.safetensors", "g")])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from diffusion.checkpoints.detect import detect, known_families
from diffusion.checkpoints.encoders import encoders_inside, known_encoders
from diffusion.checkpoints.encoders.kind import FoundEncoder
from diffusion.checkpoints.family import Backbone, Family
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.vaes import find_vae
from diffusion.checkpoints.vaes.kind import FoundVae
from diffusion.errors import CheckpointError


class Whole(NamedTuple):
    """The networks of a checkpoint; no encoders and no VAE if the file has none that its family can use."""

    family: Family
    backbone: Backbone
    encoders: Mapping[str, FoundEncoder]
    vae: FoundVae | None


def whole_of(header: Header) -> Whole:
    """Read a checkpoint's header; CheckpointError if its parts do not belong together."""
    found = detect(header)
    backbone = found.read(header)
    readers = found.family.texts.readers
    inside = encoders_inside(header)
    encoders = {kind: inside[kind] for kind in readers if kind in inside}
    if not found.family.texts.fits(frozenset(encoders)):
        encoders = {}
    whole = Whole(found.family, backbone, encoders, find_vae(header))
    _check_widths(header, whole)
    _check_channels(header, whole)
    return whole if whole.vae is None else whole._replace(vae=_of_family(whole.vae, backbone))


def _of_family(vae: FoundVae, backbone: Backbone) -> FoundVae:
    """Return a VAE whose latents are known to be those of the network beside it."""
    return vae._replace(latent_format=replace(vae.latent_format, kinds=backbone.latent_format.kinds))


def family_for(clip_type: str, files: Sequence[tuple[str, str]]) -> Family:
    """Return the family that reads prompts with some encoders; files: names and kinds.

    One that has the type comes first, then that which leaves the fewest of its kinds out; CheckpointError if there is none.
    """
    kinds = frozenset(kind for _, kind in files)
    fitting = [family for family in known_families() if family.texts.fits(kinds)]
    fitting.sort(key=lambda family: len(family.texts.readers.keys() - kinds))
    typed = [family for family in fitting if clip_type in family.clip_types]
    if len(kinds) == len(files) and (typed or fitting):
        return (typed or fitting)[0]
    titles = {kind.name: kind.title for kind in known_encoders()}
    seen = ", ".join(f"{name} is {titles[kind]}" for name, kind in files)
    wanted = "; ".join(
        f"{family.title} takes {_kinds(family, titles)}"
        for family in known_families()
        if clip_type in family.clip_types
    )
    raise CheckpointError(
        f"These text encoders do not go together for the type {clip_type}: {seen}. "
        + (f"{wanted}." if wanted else f"No known family of models has the type {clip_type}.")
    )


def _kinds(family: Family, titles: Mapping[str, str]) -> str:
    word = " or " if family.texts.is_one else " and "
    return word.join(titles.get(kind, kind) for kind in family.texts.readers)


def _check_widths(header: Header, whole: Whole) -> None:
    wanted = whole.backbone.context_width
    if not whole.encoders or not wanted:
        return
    made = whole.family.texts.joiner.width({kind: encoder.width for kind, encoder in whole.encoders.items()})
    if made != wanted:
        raise CheckpointError(
            f"{header.path.name}: the diffusion network attends to vectors {wanted} wide, the text encoders make {made}; "
            "the parts of this file do not belong together."
        )


def _check_channels(header: Header, whole: Whole) -> None:
    wanted = whole.backbone.latent_format.channels
    if whole.vae is not None and whole.vae.latent_format.channels != wanted:
        raise CheckpointError(
            f"{header.path.name}: the diffusion network works on {wanted} channels, the VAE makes "
            f"{whole.vae.latent_format.channels}; the parts of this file do not belong together."
        )
