"""Which family a file belongs to: exactly one must match, or the error says what was seen and what came nearest.

family = detect(read_header(path))

A family is a module in `families/` with a constant FAMILY; putting one there is all that it takes.
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Mapping
from importlib import import_module

from diffusion.checkpoints import families
from diffusion.checkpoints.family import Family
from diffusion.checkpoints.header import Header
from diffusion.errors import CheckpointError

SHOWN_GROUPS = 4
SHOWN_MISFITS = 3
OTHER_KINDS: Mapping[str, str] = {  # beginnings of keys, and what such a file is
    "lora_": "a LoRA; load it with a LoRA loader, from models/loras",
    "encoder.conv_in.": "a VAE alone; load it with VAELoader, from models/vae",
    "first_stage_model.encoder.": "a VAE alone; load it with VAELoader, from models/vae",
    "down_blocks.": "a network in the layout of diffusers; a single file in the original layout is needed",
    "double_blocks.": "a Flux network, which is not supported",
    "model.diffusion_model.double_blocks.": "a Flux network, which is not supported",
    "model.diffusion_model.joint_blocks.": "an SD3 network, which is not supported",
    "control_model.": "a ControlNet, which is not supported",
    "text_model.": "a CLIP text encoder alone",
}


def known_families() -> tuple[Family, ...]:
    """Return the families there are, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(families.__path__))
    return tuple(import_module(f"{families.__name__}.{name}").FAMILY for name in names)


def detect(header: Header) -> Family:
    """Return the family that a header belongs to."""
    known = known_families()
    matching = [family for family in known if not family.signature.misfits(header)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        titles = ", ".join(family.title for family in matching)
        raise CheckpointError(f"{header.path.name}: matches more than one family of models: {titles}.")
    raise CheckpointError(_unknown(header, known))


def _unknown(header: Header, known: tuple[Family, ...]) -> str:
    nearest = max(known, key=lambda family: family.signature.score(header))
    misfits = nearest.signature.misfits(header)
    more = f" and {len(misfits) - SHOWN_MISFITS} more" if len(misfits) > SHOWN_MISFITS else ""
    kind = _other_kind(header)
    return (
        f"{header.path.name}: no known family of models matches. "
        + (f"It looks like {kind}. " if kind else "")
        + f"Seen: {_summary(header)}. "
        f"Nearest is {nearest.title}, but {'; '.join(misfits[:SHOWN_MISFITS])}{more}. "
        f"Known: {', '.join(family.title for family in known)}."
    )


def _other_kind(header: Header) -> str | None:
    if any(key.startswith("model.diffusion_model.input_blocks.") for key in header.tensors):
        return None
    return next(
        (kind for prefix, kind in OTHER_KINDS.items() if any(key.startswith(prefix) for key in header.tensors)), None
    )


def _summary(header: Header) -> str:
    """Say how many tensors there are and under which names most of them are."""
    groups = Counter(".".join(key.split(".")[:2]) for key in header.tensors)
    shown = ", ".join(f"{group}.* ({count})" for group, count in groups.most_common(SHOWN_GROUPS))
    return f"{len(header.tensors)} tensors" + (f": {shown}" if shown else "")
