"""Sizes as people write them, in bytes: "600MB", "2GB", "1.5 GiB", "40%" of something.

parse_size("40%", whole=8 * 10**9)  # 3,200,000,000
"""

from __future__ import annotations

import re

UNITS = {
    "": 1,
    "b": 1,
    **{f"{letter}{end}": 1000**power for power, letter in enumerate("kmgt", start=1) for end in ("", "b")},
    **{f"{letter}i{end}": 1024**power for power, letter in enumerate("kmgt", start=1) for end in ("", "b")},
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%|[a-zA-Z]*)\s*")


def parse_size(text: str, *, whole: int | None = None, unit: str = "") -> int:
    """Return a size in bytes; ValueError says how it is written.

    whole: what a percentage is taken of; None allows none. unit: of a number alone.
    """
    found = _SIZE.fullmatch(text)
    word = found[2].lower() if found else ""
    if found is None or (word != "%" and word not in UNITS) or (word == "%" and whole is None):
        percent = ', or a share such as "40%"' if whole is not None else ""
        raise ValueError(f'"{text}" is not a size; write a number with a unit, such as "600MB" or "2GB"{percent}')
    number = float(found[1])
    if word == "%":
        if number > 100 or whole is None:
            raise ValueError(f'"{text}" is more than there is; write a share up to 100%')
        return int(number / 100 * whole)
    return int(number * UNITS[word or unit.lower()])
