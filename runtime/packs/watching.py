"""Watch the folders of packs; what changed is noted on the shelf, which looks after it between two jobs.

before = stamps_of(shelf.roots)
shelf.load()
watch(shelf, before)  # a thread, until the process ends; what changed since `before` is noted too
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from runtime.packs.shelf import Shelf

logger = logging.getLogger(__name__)

QUIET_MS = 100  # after a change, since editors and git write several files at once
LONGEST_MS = 1600  # for which changes are gathered
LOOK_MS = 2000  # how often it is asked whether the folders themselves are still the same
ENDINGS = (".py", ".toml")
PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages"})


class Stamp(NamedTuple):
    """What tells a file from an earlier one at the same path."""

    size_bytes: int
    changed_ns: int


def stamps_of(roots: Sequence[Path]) -> Mapping[Path, Stamp]:
    """Return a stamp of each file whose change may change a pack."""
    found = {path: _stamp(path) for root in roots for path in _files_below(root) if counts(path, roots)}
    return {path: stamp for path, stamp in found.items() if stamp is not None}


def watch(shelf: Shelf, before: Mapping[Path, Stamp]) -> None:
    """Begin to watch. before: the stamps from before the shelf was loaded."""
    threading.Thread(target=_watch, args=(shelf, before), name="packs", daemon=True).start()


def _watch(shelf: Shelf, before: Mapping[Path, Stamp]) -> None:
    roots = _existing(shelf)
    while True:
        try:
            _watch_these(shelf, roots, before)
        except Exception as error:  # of the system: too many folders to watch, mostly
            logger.warning("Files of node packs are not watched any more (%s); restart to load edits.", error)
            return
        roots = _existing(shelf)
        before = stamps_of(roots)
        shelf.note(roots)


def _watch_these(shelf: Shelf, roots: Sequence[Path], before: Mapping[Path, Stamp]) -> None:
    """Watch until the folders are others."""
    import watchfiles  # it takes 0.2 s, which the start of the process does not wait for

    if not roots:
        while not _existing(shelf):
            time.sleep(LOOK_MS / 1000)
        return
    is_first = True
    for changes in watchfiles.watch(
        *roots,
        watch_filter=lambda change, path: counts(Path(path), roots),
        step=QUIET_MS,
        debounce=LONGEST_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        changed = {Path(path) for _, path in changes}
        if is_first:  # the watch stands since a moment ago: what came before it did not see
            changed |= _differing(before, stamps_of(roots))
            is_first = False
        if changed:
            shelf.note(changed)
        if _existing(shelf) != roots:
            return


def _differing(before: Mapping[Path, Stamp], now: Mapping[Path, Stamp]) -> set[Path]:
    return {path for path in {*before, *now} if before.get(path) != now.get(path)}


def _files_below(root: Path) -> Iterator[Path]:
    _, packs, files = next(os.walk(root), ("", [], []))
    yield from (root / name for name in files)
    for pack in packs:  # it may be a link; those within it are not followed, as they may lead back
        for place, subfolders, names in os.walk(root / pack):
            subfolders[:] = [name for name in subfolders if name not in PASSED_OVER and not name.startswith(".")]
            yield from (Path(place, name) for name in names)


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None  # it went away meanwhile
    return Stamp(status.st_size, status.st_mtime_ns)


def counts(path: Path, roots: Sequence[Path]) -> bool:
    """Whether a change of a file may change a pack: its code, its manifest, or that it is there at all."""
    if path.parent in roots:
        return not path.name.startswith((".", "__"))
    return path.name.endswith(ENDINGS) and not any(
        part in PASSED_OVER or part.startswith(".") for root in roots if path.is_relative_to(root)
        for part in path.relative_to(root).parts
    )  # fmt: skip


def _existing(shelf: Shelf) -> Sequence[Path]:
    return [root for root in shelf.roots if root.is_dir()]
