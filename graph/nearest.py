"""The nearest known name to a misspelt one, for sentences that help.

nearest("KSampeler", ["KSampler", "VAEDecode"])  # "KSampler"
did_you_mean("KSampeler", ["KSampler"])  # '; did you mean "KSampler"?'
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near_misses(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return up to `count` known names that resemble `name`, the most similar first; case does not matter."""
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(candidate.casefold(), candidate)
    return tuple(by_folded[match] for match in get_close_matches(name.casefold(), by_folded, count))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that resembles `name` most, or None if none does."""
    return next(iter(near_misses(name, known, 1)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that offers the nearest name; a plain full stop if there is none."""
    match = nearest(name, known)
    return "." if match is None else f'; did you mean "{match}"?'
