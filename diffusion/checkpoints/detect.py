"""Which family a file's network belongs to: exactly one must match, or the error says what was seen and what came nearest.

found = detect(read_header(path))
found.family.read(header, found.prefix)

A family is a module in `families/` with a constant FAMILY; putting one there is all that it takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from diffusion.checkpoints import families
from diffusion.checkpoints.encoders import encoder_alone, encoders_inside
from diffusion.checkpoints.family import Backbone, Family
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.known import constants
from diffusion.checkpoints.vaes import find_vae
from diffusion.errors import CheckpointError

PREFIXES = (
    "model.diffusion_model.",
    "",
    "diffusion_model.",
    "model.",
)  # of a checkpoint, of a file of its own, of exports
SHOWN_GROUPS = 4
SHOWN_MISFITS = 3
OTHER_KINDS: Mapping[str, str] = {  # beginnings of keys, and what such a file is
    "lora_": "a LoRA; load it with a LoRA loader, from models/loras",
    "down_blocks.": "a network in the layout of diffusers; a single file in the original layout is needed",
    "transformer_blocks.0.attn.add_": "a network in the layout of diffusers; a single file in the original layout is needed",
    "decoder.up_blocks.": "a VAE in the layout of diffusers; a single file in the original layout is needed",
    "control_model.": "a ControlNet; load it with ControlNetLoader, from models/controlnet",
}


class Detected(NamedTuple):
    """A family, and what the keys of its network begin with in a file."""

    family: Family
    prefix: str

    def read(self, header: Header) -> Backbone:
        """Return the network of the file; CheckpointError if its sizes are not supported."""
        return self.family.read(header, self.prefix)


def known_families() -> tuple[Family, ...]:
    """Return the families there are, by name."""
    return constants(families.__name__, families.__path__, "FAMILY")


def detect(header: Header) -> Detected:
    """Return the family that a header belongs to; CheckpointError if there is none, or more than one."""
    places = [Detected(family, prefix) for family in known_families() for prefix in PREFIXES]
    matching = [place for place in places if not place.family.signature.misfits(header, place.prefix)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        titles = ", ".join(place.family.title for place in matching)
        raise CheckpointError(f"{header.path.name}: matches more than one family of models: {titles}.")
    raise CheckpointError(_unknown(header, places))


def _unknown(header: Header, places: list[Detected]) -> str:
    kind = other_kind(header)
    if kind is not None:
        return f"{header.path.name}: no known family of models matches. It looks like {kind}. Seen: {_summary(header)}."
    nearest = max(places, key=lambda place: place.family.signature.score(header, place.prefix))
    misfits = nearest.family.signature.misfits(header, nearest.prefix)
    more = f" and {len(misfits) - SHOWN_MISFITS} more" if len(misfits) > SHOWN_MISFITS else ""
    return (
        f"{header.path.name}: no known family of models matches. Seen: {_summary(header)}. "
        f"Nearest is {nearest.family.title}, but {'; '.join(misfits[:SHOWN_MISFITS])}{more}. "
        f"Known: {', '.join(family.title for family in known_families())}."
    )


def seen_in(header: Header) -> str:
    """Say what a file is and what loads it, where something else was expected."""
    try:
        title = detect(header).family.title
    except CheckpointError:
        return other_kind(header) or f"{len(header.tensors)} tensors"
    if find_vae(header) is None and not encoders_inside(header):
        return f"a diffusion model of the family {title}; load it with UNETLoader, from models/diffusion_models"
    return f"a checkpoint of the family {title}; load it with LoadCheckpoint, from models/checkpoints"


def other_kind(header: Header) -> str | None:
    """Return what a file is that is no diffusion network, and what loads it; None if that is not known."""
    if any(key.startswith("model.diffusion_model.input_blocks.") for key in header.tensors):
        return None
    beginnings = (kind for prefix, kind in OTHER_KINDS.items() if any(key.startswith(prefix) for key in header.tensors))
    found = next(beginnings, None)
    if found is None and find_vae(header) is not None:
        return "a VAE alone; load it with VAELoader, from models/vae"
    return found or _text_encoder(header)


def _text_encoder(header: Header) -> str | None:
    try:
        encoder_alone(header)
    except CheckpointError:
        return None
    return "a text encoder alone; load it with CLIPLoader, from models/text_encoders"


def _summary(header: Header) -> str:
    """Say how many tensors there are and under which names most of them are."""
    groups = Counter(".".join(key.split(".")[:2]) for key in header.tensors)
    shown = ", ".join(f"{group}.* ({count})" for group, count in groups.most_common(SHOWN_GROUPS))
    return f"{len(header.tensors)} tensors" + (f": {shown}" if shown else "")
