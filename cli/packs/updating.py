"""Fetch installed packs anew from where they came from, and see which of them are others now.

placements = newer(home, ["rain"], folder, tell)  # those that changed; the rest is told
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cli.packs.fetching import Staged, stage
from cli.packs.home import Home
from cli.packs.installing import Placement
from cli.packs.pip import Tell
from files.packs import Pack, PackError, Record, read_record
from files.packs.record import changed_files
from files.packs.sources import Kind, Source

MOST_NAMES = 5


def newer(home: Home, names: Iterable[str], folder: Path, tell: Tell) -> list[Placement]:
    """Stage the packs of some names whose source has something else now; PackError if one cannot be renewed."""
    found = []
    for name in names:
        pack = home.find(name)
        record = recorded(pack)
        refuse_if_edited(pack, record)
        staged = stage(record.source, pack.name, folder)
        if staged.record.hash == record.hash:
            tell(f"{pack.name} is up to date{_at(record)}.")
        else:
            found.append(Placement(staged, pack.path, replaces=True))
    return found


def recorded(pack: Pack) -> Record:
    """Return where a pack came from; PackError if it was put there by hand."""
    record = read_record(pack)
    if record is None:
        raise PackError(f"{pack.name} was put there by hand; it has no source to be fetched from again.")
    return record


def refuse_if_edited(pack: Pack, record: Record) -> None:
    """Raise PackError if installed files were edited, which would be lost."""
    changed = changed_files(pack, record)
    if changed:
        more = f" and {len(changed) - MOST_NAMES} more" if len(changed) > MOST_NAMES else ""
        raise PackError(
            f"{pack.name} was edited since it was installed ({', '.join(changed[:MOST_NAMES])}{more}), and that would be lost. "
            "Keep a copy, remove the pack with --yes, and install it again."
        )


def refuse_if_lost(pack: Pack) -> None:
    """Raise PackError if the folder is the only copy of something, as far as is known."""
    record = read_record(pack)
    if record is None:
        raise PackError(f"{pack.path} was put there by hand and may be the only copy; --yes removes it all the same.")
    refuse_if_edited(pack, record)


def stage_exactly(source: Source, commit: str | None, version: str | None, name: str, folder: Path) -> Staged:
    """Fetch a pack at a commit or a version; its record keeps the branch that it follows."""
    pin = commit if source.kind is Kind.GIT else version if source.kind is Kind.PACKAGE else source.ref
    staged = stage(replace(source, ref=pin or source.ref), name, folder)
    return replace(staged, record=replace(staged.record, source=source))


def _at(record: Record) -> str:
    what = record.commit[:12] if record.commit else record.version
    return f" ({what})" if what else ""
