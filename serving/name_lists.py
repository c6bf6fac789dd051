"""NameLists: which files widgets may choose, fresh, without walking through the folders each time.

lists = NameLists(folders)
lists.names("checkpoints")    # ["sd15.safetensors", …]
lists.version("checkpoints")  # a number that grows when the list may have changed

A folder whose time of change is the same has the same files, so only folders are looked at. A folder that changed within
the last moments is looked at again: its time may be too coarse to tell a second change.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from files.folders import FolderError, Folders
from files.kinds import INPUT_SUFFIXES, KIND_ALIASES

COARSE_NS = 2_000_000_000  # the coarsest clock of a usual file system (FAT)

Stamps = tuple[tuple[str, int], ...]  # folders and their times of change


@dataclass(frozen=True)
class _Listed:
    place: tuple[Any, ...] | None  # the folders and endings that the kind had
    names: list[str]
    stamps: Stamps
    version: int
    is_settled: bool  # no folder changed just before the list was made


class NameLists:
    """The lists by kind, as long as their folders stay the same."""

    def __init__(self, folders: Folders, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._folders = folders
        self._now_ns = now_ns
        self._known: dict[str, _Listed] = {}

    def names(self, kind: str) -> list[str]:
        """Return the files of a kind that there are now, sorted; none for a kind that has no folder."""
        return self._current(kind).names

    def version(self, kind: str) -> int:
        """Return a number that is another whenever the list is."""
        return self._current(kind).version

    def _current(self, kind: str) -> _Listed:
        known = self._known.get(kind)
        if known is not None and known.place == self._place(kind) and _is_as_then(known):
            return known
        found = self._list(kind, 0 if known is None else known.version)
        if known is not None and found.names != known.names:
            found = replace(found, version=known.version + 1)
        self._known[kind] = found
        return found

    def _place(self, kind: str) -> tuple[Any, ...] | None:
        """Return what packs may change of a kind while the server runs."""
        found = self._folders.places.get(KIND_ALIASES.get(kind, kind))
        return None if found is None else (tuple(found[0]), tuple(found[1]))

    def _list(self, kind: str, version: int) -> _Listed:
        now, place = self._now_ns(), self._place(kind)
        try:
            roots = (self._folders.input,) if kind in INPUT_SUFFIXES else self._folders.choice_roots(kind)
            stamps = tuple(_stamps(roots))
            names = self._folders.input_names(kind) if kind in INPUT_SUFFIXES else self._folders.choices(kind)
        except FolderError:
            return _Listed(place, [], (), version, True)
        return _Listed(place, names, stamps, version, all(then < now - COARSE_NS for _, then in stamps))


def _is_as_then(known: _Listed) -> bool:
    return known.is_settled and all(_changed_ns(path) == then for path, then in known.stamps)


def _stamps(roots: Iterable[Path]) -> Iterable[tuple[str, int]]:
    for root in roots:
        yield str(root), _changed_ns(str(root))
        for folder, subfolders, _ in os.walk(root, followlinks=True):
            for name in subfolders:
                path = os.path.join(folder, name)
                yield path, _changed_ns(path)


def _changed_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
