"""Watch the folders of packs; what changed is noted on the shelf, which looks after it between two jobs.

watch(shelf)  # a thread, until the process ends
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from runtime.packs.shelf import Shelf

logger = logging.getLogger(__name__)

QUIET_MS = 100  # after a change, since editors and git write several files at once
LONGEST_MS = 1600  # for which changes are gathered
LOOK_MS = 2000  # how often it is asked whether the folders themselves are still the same
ENDINGS = (".py", ".toml")
PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages"})


def watch(shelf: Shelf) -> None:
    """Begin to watch."""
    threading.Thread(target=_watch, args=(shelf,), name="packs", daemon=True).start()


def _watch(shelf: Shelf) -> None:
    stop = threading.Event()
    before = _existing(shelf)
    while True:
        try:
            _watch_these(shelf, before, stop)
        except Exception as error:  # of the system: too many folders to watch, mostly
            logger.warning("Files of node packs are not watched any more (%s); restart to load edits.", error)
            return
        before = _existing(shelf)
        shelf.note(before)


def _watch_these(shelf: Shelf, roots: Sequence[Path], stop: threading.Event) -> None:
    """Watch until the folders are others."""
    import watchfiles  # it takes 0.2 s, which the start of the process does not wait for

    if not roots:
        while not _existing(shelf):
            stop.wait(LOOK_MS / 1000)
        return
    for changes in watchfiles.watch(
        *roots,
        watch_filter=lambda change, path: counts(Path(path), roots),
        step=QUIET_MS,
        debounce=LONGEST_MS,
        rust_timeout=LOOK_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        if changes:
            shelf.note(Path(path) for _, path in changes)
        if _existing(shelf) != roots:
            return


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
