"""Record: where an installed pack came from, in `.weft-pack.json` in its folder.

record = read_record(pack)      # None if it was put there by hand
changed_files(pack, record)     # ["clouds.py"], what somebody edited since
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from files.packs.contents import RECORD, file_digests, fingerprint
from files.packs.errors import PackError
from files.packs.find import Pack
from files.packs.sources import Kind, Source


@dataclass(frozen=True)
class Record:
    """Where a pack came from. commit: of git; version: of a package or the manifest; files: digests as installed."""

    source: Source
    commit: str | None = None
    version: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """The digest of all its files as they were installed."""
        return fingerprint(self.files)

    def document(self) -> dict[str, Any]:
        """Return it as JSON, without the single files."""
        return {
            "kind": self.source.kind.value,
            "source": self.source.place,
            "ref": self.source.ref,
            "commit": self.commit,
            "version": self.version,
            "hash": self.hash,
        }


def write_record(folder: Path, record: Record) -> None:
    """Write the record into a pack's folder."""
    text = json.dumps({**record.document(), "files": dict(record.files)}, indent=1)
    (folder / RECORD).write_text(text, encoding="utf-8")


def read_record(pack: Pack) -> Record | None:
    """Return where a pack came from; None if nothing is recorded; PackError if the record is damaged."""
    path = pack.path / RECORD
    if pack.is_file or not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        files = {str(name): str(digest) for name, digest in document["files"].items()}
        return Record(source_in(document), document.get("commit"), document.get("version"), files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PackError(
            f"{path} cannot be read ({error!r}); remove it, and the pack counts as put there by hand."
        ) from error


def source_in(document: Mapping[str, Any]) -> Source:
    """Return the source that a document names; ValueError, KeyError or TypeError if it is none."""
    place, ref = document["source"], document.get("ref")
    if not isinstance(place, str) or not isinstance(ref, str | None):
        raise TypeError("source and ref are to be texts")
    return Source(Kind(document["kind"]), place, ref)


def changed_files(pack: Pack, record: Record) -> list[str]:
    """Return the installed files that are others now or gone; files that came later are none."""
    now = file_digests(pack.path)
    return sorted(name for name, digest in record.files.items() if now.get(name) != digest)
