"""Text encoders as files have them: inside checkpoints, where a prefix tells which is which, or alone, where sizes tell.

    inside = encoders_inside(header)["l"]   # of a checkpoint
    kind, found = encoder_alone(header)     # of a file of its own

A kind is a module here with a constant KIND; its name is ComfyUI's ("l", "g", "h", "t5xxl" …).
"""

from __future__ import annotations

from collections.abc import Mapping

from diffusion.checkpoints.encoders.kind import EncoderKind, FoundEncoder, Layout
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.known import constants
from diffusion.errors import CheckpointError


def known_encoders() -> tuple[EncoderKind, ...]:
    """Return the kinds of text encoders there are, by name."""
    return constants(__name__, __path__, "KIND")


def encoders_inside(header: Header) -> Mapping[str, FoundEncoder]:
    """Return the text encoders of a checkpoint by their kinds."""
    found = {kind.name: _first(header, kind.inside) for kind in known_encoders()}
    return {name: encoder for name, encoder in found.items() if encoder is not None}


def encoder_alone(header: Header) -> tuple[str, FoundEncoder]:
    """Return the kind of a file's text encoder, and the encoder; CheckpointError unless it is exactly one."""
    found = {kind: encoder for kind in known_encoders() if (encoder := _first(header, kind.alone)) is not None}
    if len(found) == 1:
        ((kind, encoder),) = found.items()
        return kind.name, encoder
    known = ", ".join(kind.title for kind in known_encoders())
    if found:
        titles = " and ".join(kind.title for kind in found)
        raise CheckpointError(f"{header.path.name}: this text encoder matches more than one kind: {titles}.")
    raise CheckpointError(
        f"{header.path.name}: no known text encoder is in this file ({len(header.tensors)} tensors). Known: {known}."
    )


def _first(header: Header, layouts: tuple[Layout, ...]) -> FoundEncoder | None:
    places = ((layout, prefix) for layout in layouts for prefix in layout.prefixes)
    matching = (place for place in places if not place[0].signature.misfits(header, place[1]))
    layout, prefix = next(matching, (None, ""))
    return None if layout is None else layout.read(header, prefix)
