"""Who imports or calls: the node pack in whose code the frames above us lie."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from pathlib import PurePath
from types import FrameType

PACKS = "custom_nodes"
IMPORT_FROM = dis.opmap["IMPORT_FROM"]
SOMEBODY = "a node pack"


def importing_pack() -> str | None:
    """Return the name of the pack that the innermost frame of a pack belongs to; None if there is none."""
    return next(filter(None, map(_pack_of, _frames())), None)


def pack_in_words() -> str:
    """Return the pack as a sentence has it."""
    name = importing_pack()
    return SOMEBODY if name is None else f'the pack "{name}"'


def is_import_from(frame: FrameType) -> bool:
    """Return whether a frame is at `from module import name`."""
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == IMPORT_FROM


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _pack_of(frame: FrameType) -> str | None:
    module = str(frame.f_globals.get("__name__", "")).split(".")
    if module[0] == PACKS and len(module) > 1:
        return module[1]
    parts = PurePath(frame.f_code.co_filename).parts
    if PACKS not in parts[:-1]:
        return None
    return parts[parts.index(PACKS) + 1].removesuffix(".py")
