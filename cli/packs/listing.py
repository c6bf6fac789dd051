"""The packs as `weft nodes list` shows them: name, version, state and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from files.packs import Manifest, ManifestError, Pack, PackError, Record, read_manifest, read_record

OFF = "switched off"


def print_packs(console: Console, base: Path | None, nodes: Mapping[str, int] | None = None) -> None:
    """Print the packs of a base folder. nodes: how many each pack gave, by its module; None if they were not loaded."""
    from cli.packs.home import home_at

    home = home_at(base)
    states = [(pack, _state(pack, nodes)) for pack in home.on()] + [(pack, OFF) for pack in home.off()]
    for pack, state in states:
        words = "  ".join(escape(word) for word in _words(pack, state) if word)
        console.print(f"[bold]{escape(pack.name)}[/]  {words}")


def _words(pack: Pack, state: str) -> Iterator[str]:
    try:
        record = read_record(pack)
    except PackError as error:
        yield from (state, str(error))
        return
    yield (record.version if record else None) or _manifest(pack).version or ""
    yield state
    yield "put there by hand" if record is None else _origin(record)


def _origin(record: Record) -> str:
    commit = f" ({record.commit[:12]})" if record.commit else ""
    return f"from {record.source}{commit}"


def _state(pack: Pack, nodes: Mapping[str, int] | None) -> str:
    if nodes is None:
        return "switched on"
    count = nodes.get(pack.module, 0)
    return f"loaded, {count} node{'' if count == 1 else 's'}" if count else "without nodes"


def _manifest(pack: Pack) -> Manifest:
    try:
        return read_manifest(pack)
    except ManifestError:
        return Manifest(pack.name)
