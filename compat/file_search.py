"""Lists of files as `folder_paths` gives them: all below some folders, kept while no folder among them changes.

search("models/loras")  # Found(["a.safetensors", "sub/b.safetensors"], {"models/loras": 1764115200.0, …})
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

NOT_SEARCHED = (".git",)


class Found(NamedTuple):
    """Files below a folder, as names from it, and the times of change of all folders there."""

    names: list[str]
    changed_s: dict[str, float]


class Listing(NamedTuple):
    """Files of a kind, sorted; the folders that were searched with their times of change; when that was."""

    names: list[str]
    changed_s: dict[str, float]
    when_s: float


def search(folder: str, without: Collection[str] = ()) -> Found:
    """Return all files below a folder; nothing if it is not there."""
    names: list[str] = []
    changed_s: dict[str, float] = {}
    for place, subfolders, files in os.walk(folder, followlinks=True):
        changed_s[place] = os.path.getmtime(place)
        subfolders[:] = [name for name in subfolders if name not in without]
        names += [os.path.relpath(os.path.join(place, name), folder) for name in files]
    return Found(names, changed_s)


def with_suffixes(names: Iterable[str], suffixes: Collection[str]) -> list[str]:
    """Return the names that end in one of the suffixes, in any case, sorted; all if there are no suffixes."""
    return sorted(name for name in names if not suffixes or os.path.splitext(name)[1].lower() in suffixes)


def list_kind(folders: Iterable[str], suffixes: Collection[str]) -> Listing:
    """Return the files of a kind, each name once."""
    found = [search(folder, NOT_SEARCHED) for folder in folders]
    names = {name for each in found for name in with_suffixes(each.names, suffixes)}
    changed_s = {place: when for each in found for place, when in each.changed_s.items()}
    return Listing(sorted(names), changed_s, time.perf_counter())


def is_current(listing: Listing, folders: Iterable[str]) -> bool:
    """Return whether no folder of a listing changed, and none is new."""
    return _are_as_before(listing.changed_s) and all(
        folder in listing.changed_s for folder in folders if os.path.isdir(folder)
    )


def _are_as_before(changed_s: Mapping[str, float]) -> bool:
    try:
        return all(os.path.getmtime(place) == when for place, when in changed_s.items())
    except OSError:
        return False


def is_within(folder: str, path: str) -> bool:
    """Return whether a path lies in a folder once all links are followed."""
    try:
        real = os.path.realpath(folder)
        return os.path.commonpath((real, os.path.realpath(path))) == real
    except ValueError:  # another drive, or a name that cannot be
        return False
