"""How a name becomes a path that does not leave its root, and which files lie below a root.

Two questions, two answers. What may a *name* say? Neither `..` nor an absolute path, anywhere: `contained`. Where may *links*
lead? For models and inputs that a workflow reads, anywhere: whoever made the link could have copied the file. For what a
client reads and writes by name over HTTP, only inside: `resolved_below`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


class FolderError(ValueError):
    """A name leads to no file, or out of its folder; the sentence says where one looked and what came nearest."""


def contained(root: Path, name: str) -> Path:
    """Return `root/name`; FolderError if the name could leave the root, on this or another system.

    A link inside the root may point anywhere: whoever made it could have copied the file. A name may not.
    """
    if "\x00" in name or Path(name).anchor or name.startswith(("/", "\\")) or ".." in _parts(name):
        raise FolderError(f'"{name}" leads outside {root}; use a name below that folder.')
    return root / name


def resolved_below(root: Path, name: str) -> Path:
    """Return the real path of `root/name`, without links; FolderError if that is not in the root.

    The root may be a link itself, and so may a folder that stands directly in it and belongs to the root's owner
    (`input/photos` that leads to another disk): what lies behind such a link counts as inside. No other link may lead out:
    none to a single file, none deeper down, none that somebody else put there. The file need not exist.
    """
    path = contained(root, name)
    try:
        found = Path(os.path.realpath(path))
        inside = [Path(os.path.realpath(root)), *_own_link(root, path)]
    except (OSError, ValueError) as error:
        raise FolderError(f'"{name[:200]}" is no name of a file: {error}.') from error
    if not any(found.is_relative_to(each) for each in inside):
        raise FolderError(
            f'"{name}" leads through a link outside {root}; link a whole folder directly into {root}, or copy the file.'
        )
    return found


def names_below(root: Path, suffixes: frozenset[str]) -> Iterator[str]:
    """Yield the files with one of the suffixes (none: all), as names from the root; hidden files are not shown.

    Nor are those whose names are no text, which no client could ask for: old archives make such names on Linux. Links are
    followed, but not into a folder that is being walked already.
    """
    for folder, files in _walk(root):
        for name in files:
            if is_shown(name) and (not suffixes or os.path.splitext(name)[1].lower() in suffixes):
                yield (folder / name).relative_to(root).as_posix()


def is_shown(name: str) -> bool:
    """Return whether a file or folder is not hidden, and has a name that is text."""
    return not name.startswith(".") and is_text(name)


def is_text(name: str) -> bool:
    """Return whether a name is one that UTF-8 has, and so JSON."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield folders and the names of their files, top down."""
    above: dict[str, frozenset[str]] = {str(root): frozenset()}  # the real paths over each folder that is still to come
    for folder, subfolders, files in os.walk(root, followlinks=True):
        over, real = above.pop(folder), os.path.realpath(folder)
        if real in over:
            subfolders.clear()
            continue
        subfolders[:] = [name for name in subfolders if is_shown(name)]
        above.update({os.path.join(folder, name): over | {real} for name in subfolders})
        yield Path(folder), files


def _parts(name: str) -> tuple[str, ...]:
    return tuple(name.replace("\\", "/").split("/"))


def _own_link(root: Path, path: Path) -> Iterator[Path]:
    """Yield where the first folder below a root leads, if it is a link that the root's owner made."""
    parts = path.relative_to(root).parts
    link = root / parts[0] if parts else root
    if parts and link.is_symlink() and link.is_dir() and link.lstat().st_uid == root.stat().st_uid:
        yield Path(os.path.realpath(link))
