"""Put packs in their place, all of them or none: requirements first, then the folders, renamed.

with staging(root) as folder:
    staged = stage(source, "rain", folder)
    place([Placement(staged, root / "rain")], needs_of(staged.pack), environment, folder, tell)
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cli.packs import pip
from cli.packs.environment import Environment
from cli.packs.fetching import Staged
from cli.packs.pip import Tell
from cli.packs.staging import set_aside
from files.packs import Pack, PackError, read_record
from files.packs.contents import RECORD
from files.packs.record import write_record
from files.packs.requirements import Need


@dataclass(frozen=True)
class Placement:
    """A staged pack and where it goes. replaces: a pack that lies there now may go; its own later files come along."""

    staged: Staged
    target: Path
    replaces: bool = False


def place(
    placements: Sequence[Placement], needs: Sequence[Need], environment: Environment, folder: Path, tell: Tell
) -> None:
    """Install what is needed, then move the packs; whatever fails, everything is as it was. PackError says why."""
    changes = pip.resolve(needs, environment)
    for each in placements:
        if each.replaces:
            _keep_later_files(each)
        write_record(each.staged.pack.path, each.staged.record)
    with pip.installed(changes, tell):
        _move(placements, folder)


def _move(placements: Sequence[Placement], folder: Path) -> None:
    with ExitStack() as undo:
        for each in placements:
            if each.replaces:
                old = set_aside(each.target, folder)
                undo.callback(old.rename, each.target)
            elif os.path.lexists(each.target):
                raise PackError(f"{each.target} has come to be there in the meantime; nothing was installed.")
            each.staged.pack.path.rename(each.target)
            undo.callback(each.target.rename, each.staged.pack.path)
        undo.pop_all()


def _keep_later_files(placement: Placement) -> None:
    """Take along what the pack or the user put into its folder later: settings, models."""
    installed = frozenset(placement.staged.record.files)
    before = _recorded(placement.target)
    for here, folders, names in os.walk(placement.target):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = Path(here, name)
            relative = path.relative_to(placement.target)
            new = placement.staged.pack.path / relative
            if relative.as_posix() not in before | installed and name != RECORD and not os.path.lexists(new):
                new.parent.mkdir(parents=True, exist_ok=True)
                _link(path, new)


def _link(path: Path, new: Path) -> None:
    try:
        os.link(path, new, follow_symlinks=False)
    except OSError:  # a disk without hard links
        shutil.copy2(path, new, follow_symlinks=False)


def _recorded(folder: Path) -> frozenset[str]:
    record = read_record(Pack(folder.name, folder))
    return frozenset(record.files) if record else frozenset()
