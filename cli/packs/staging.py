"""A hidden folder beside the packs in which they are made ready. What a killed process left is put back, or removed.

with staging(root) as folder:
    old = set_aside(root / "rain", folder)  # back in its place if this process ends before another pack is there
    new.rename(root / "rain")
clear_leftovers(root)  # of processes that are gone: each holds a lock on its folder while it lives
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

PREFIX = ".weft-staging-"
ASIDE = ".aside"  # no pack's name begins with a dot
NOTE = ".target"


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """Give a hidden folder beside the packs, on the same disk; it is removed however the work ends."""
    root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _locked(root, waits=True):  # so that nobody clears it before it is locked
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
            held.enter_context(_locked(folder))
        try:
            yield folder
        finally:
            _remove(folder)


def set_aside(pack: Path, folder: Path) -> Path:
    """Move a pack into a staging folder; return where it is. It goes back when the folder goes, if its place is free."""
    (folder / ASIDE).mkdir(exist_ok=True)
    old = Path(tempfile.mkdtemp(dir=folder / ASIDE)) / pack.name
    old.with_name(NOTE).write_bytes(os.fsencode(pack))
    pack.rename(old)
    return old


def clear_leftovers(root: Path) -> None:
    """Remove the staging folders of processes that are gone; packs that these had set aside go back to their place."""
    if not any(root.glob(f"{PREFIX}*")):
        return
    with _locked(root, waits=True):
        for folder in root.glob(f"{PREFIX}*"):
            with _locked(folder) as is_left, suppress(OSError):  # no rights: it stays, and the command goes on
                if is_left:
                    _remove(folder)


def _remove(folder: Path) -> None:
    for note in folder.glob(f"{ASIDE}/*/{NOTE}"):
        target = Path(os.fsdecode(note.read_bytes()))
        old = note.with_name(target.name)
        if os.path.lexists(old) and not os.path.lexists(target):
            old.rename(target)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, waits: bool = False) -> Iterator[bool]:
    """Hold a folder's lock, which ends with the process; gives whether it is held: not if another has it, or on Windows."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    with ExitStack() as opened:
        is_held = False
        with suppress(OSError):  # it is gone, another holds it, or this disk has no locks
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            opened.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
            is_held = True
        yield is_held
