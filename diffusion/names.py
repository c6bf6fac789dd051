"""Look-ups that help with misspelt names.

sampler = known_entry("sampler", "eulr", SAMPLERS)  # raises: sampler "eulr" is not known; did you mean "euler"?
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from diffusion.errors import UnknownNameError

T = TypeVar("T")


def known_entry(kind: str, name: str, entries: Mapping[str, T]) -> T:
    """Return the entry; if there is none, raise UnknownNameError with the nearest name."""
    if name in entries:
        return entries[name]
    near = get_close_matches(name, entries, n=1, cutoff=0.0)
    raise UnknownNameError(f'{kind} "{name}" is not known; did you mean "{near[0]}"?')
