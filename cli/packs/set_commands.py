"""`weft nodes freeze FILE` and `weft nodes restore FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.packs.commands import Base, Without, put, tell

File = Annotated[Path, typer.Argument(help="A JSON file.")]


def freeze(file: File, base_directory: Base = None) -> None:
    """Write which packs are there, with commits, versions and hashes, and the versions of what they ask pip for."""
    from cli.output_file import json_bytes, write_whole
    from cli.packs.home import home_at
    from cli.packs.sets import frozen
    from cli.report import ending

    with ending():
        document = frozen(home_at(base_directory), tell)
        write_whole(file, json_bytes(document) + b"\n")
        count = len(document["packs"])
        tell(f"{file} has {count} pack{'' if count == 1 else 's'}.")


def restore(file: File, without_requirements: Without = False, base_directory: Base = None) -> None:
    """Bring back the packs of a set, at their commits and versions, all of them or none; others stay."""
    from cli.packs.home import home_at
    from cli.packs.sets import read_set, thawed
    from cli.packs.staging import staging
    from cli.report import ending

    with ending():
        home = home_at(base_directory)
        kept, pins = read_set(file)
        with staging(home.root) as folder:
            put(home, thawed(kept, home, folder, tell), folder, without_requirements, pins)
