"""VAEs as files have them: inside checkpoints, or alone.

    found = find_vae(header)  # None if the file has none

A kind is a module here with a constant KIND.
"""

from __future__ import annotations

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.known import constants
from diffusion.checkpoints.vaes.kind import FoundVae, VaeKind

PREFIXES = ("", "first_stage_model.", "vae.")  # of files of a VAE alone, checkpoints, and some exports


def known_vaes() -> tuple[VaeKind, ...]:
    """Return the kinds of VAEs there are, by name."""
    return constants(__name__, __path__, "KIND")


def find_vae(header: Header) -> FoundVae | None:
    """Return the VAE of a file, None if no known one is in it; CheckpointError if its sizes are not supported."""
    places = ((kind, prefix) for kind in known_vaes() for prefix in PREFIXES)
    matching = (place for place in places if not place[0].signature.misfits(header, place[1]))
    kind, prefix = next(matching, (None, ""))
    return None if kind is None else kind.read(header, prefix)
