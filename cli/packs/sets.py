"""A set of packs in a file, with versions and hashes: `weft nodes freeze FILE` and `weft nodes restore FILE`.

document = frozen(home)                                # {"packs": […], "requirements": {"noise": "1.2"}}
placements = thawed(document, home, folder, tell)      # those that are not there yet, fetched and compared
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from cli.packs import git
from cli.packs.environment import PINNED
from cli.packs.home import Home, readable_needs
from cli.packs.installing import Placement
from cli.packs.pip import Tell
from cli.packs.updating import refuse_if_edited, stage_exactly
from files.packs import Pack, PackError, read_record
from files.packs.contents import file_digests, fingerprint
from files.packs.record import source_in
from files.packs.requirements import Need
from files.packs.sources import Source, checked_name

FORMAT = 1


class Kept(NamedTuple):
    """A pack as a file has it."""

    name: str
    source: Source
    commit: str | None
    version: str | None
    hash: str


def frozen(home: Home, tell: Tell) -> dict[str, Any]:
    """Return the packs that are switched on, and the versions of what they ask pip for."""
    packs = home.on()
    versions = home.environment().versions
    asked = sorted({need.name for pack in packs for need in readable_needs(pack)} - {*PINNED})
    return {
        "format": FORMAT,
        "packs": [_entry(pack, tell) for pack in packs],
        "requirements": {name: versions[name] for name in asked if name in versions},
    }


def read_set(file: Path) -> tuple[list[Kept], list[Need]]:
    """Return the packs of a file, and the versions that it keeps; PackError if it is no such file."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise PackError(f"{file} has format {document['format']!r}; this Weft reads {FORMAT}.")
        kept = [_kept(entry) for entry in document["packs"]]
        pins = [
            Need(file.name, Requirement(f"{name}=={version}")) for name, version in document["requirements"].items()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidRequirement) as error:
        raise PackError(f"{file} is no set of packs that `weft nodes freeze` wrote ({error!r}).") from error
    return kept, pins


def thawed(kept: list[Kept], home: Home, folder: Path, tell: Tell) -> list[Placement]:
    """Fetch the packs of a set that are not there, or not like that; PackError if one has another hash now."""
    placements = []
    for each in kept:
        there = next((pack for pack in home.on() if pack.name == each.name), None)
        if there is not None and fingerprint(file_digests(there.path)) == each.hash:
            tell(f"{each.name} is there already.")
        else:
            placements.append(_thaw(each, there, home, folder, tell))
    for pack in home.on():
        if pack.name not in {each.name for each in kept}:
            tell(f"{pack.name} is not in the set; it stays.")
    return placements


def _thaw(each: Kept, there: Pack | None, home: Home, folder: Path, tell: Tell) -> Placement:
    if there is None:
        home.check_free(each.name)
    else:
        record = read_record(there)
        if record is None:
            raise PackError(f"{there.path} was put there by hand and is not as in the set; move it away.")
        refuse_if_edited(there, record)
    tell(f"Fetching {each.name} from {each.source}.")
    staged = stage_exactly(each.source, each.commit, each.version, each.name, folder)
    if staged.record.hash != each.hash:
        raise PackError(
            f"{each.name}: {each.source} has other files now than the set ({staged.record.hash} in place of {each.hash}). "
            "Nothing was installed."
        )
    return Placement(staged, there.path if there else home.root / each.name, replaces=there is not None)


def _entry(pack: Pack, tell: Tell) -> dict[str, Any]:
    record = read_record(pack)
    now = fingerprint(file_digests(pack.path))
    if record is not None:
        if record.hash != now:
            tell(f"{pack.name} has other files than were installed; they are not in the set, what was installed is.")
        return {"name": pack.name, **record.document()}
    clone = None if pack.is_file else git.clone_of(pack.path)
    if clone is None:
        tell(f"{pack.name} was put there by hand: the set has its hash, but cannot bring it back.")
        return {"name": pack.name, "kind": None, "hash": now}
    address, commit = clone
    return {
        "name": pack.name,
        "kind": "git",
        "source": address,
        "ref": None,
        "commit": commit,
        "version": None,
        "hash": now,
    }


def _kept(entry: Mapping[str, Any]) -> Kept:
    name = checked_name(entry["name"])
    if entry["kind"] is None:
        raise PackError(f"{name} was put there by hand where the set was made; copy it, and take it out of the file.")
    return Kept(name, source_in(entry), entry.get("commit"), entry.get("version"), str(entry["hash"]))
