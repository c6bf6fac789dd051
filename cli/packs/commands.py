"""`weft nodes install`, `update`, `disable`, `enable`, `remove`, `install-requirements`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.packs.home import Home
    from cli.packs.installing import Placement
    from files.packs import Pack
    from files.packs.requirements import Need

Base = Annotated[Path | None, typer.Option(help="The folder that holds custom_nodes/.")]
Name = Annotated[str, typer.Argument(help="A pack's name, as `weft nodes list` has it.")]
Without = Annotated[bool, typer.Option("--without-requirements", help="Leave what the pack asks pip for to me.")]
OFF = ".disabled"


def install(
    source: Annotated[
        str, typer.Argument(help="A git URL or path (@ref at the end), a zip file or its URL, a folder, a PyPI name.")
    ],
    name: Annotated[str | None, typer.Option(help="Another name for the pack.")] = None,
    without_requirements: Without = False,
    base_directory: Base = None,
) -> None:
    """Install a node pack, with what it needs of pip; if anything fails, everything is as it was."""
    from cli.packs.fetching import stage
    from cli.packs.home import home_at
    from cli.packs.installing import Placement
    from cli.packs.staging import staging
    from cli.report import ending
    from files.packs.sources import checked_name, source_of

    with ending():
        home, found = home_at(base_directory), source_of(source)
        chosen = checked_name(name or found.pack_name)
        home.check_free(chosen)
        with staging(home.root) as folder:
            tell(f"Fetching {found}.")
            put(home, [Placement(stage(found, chosen, folder), home.root / chosen)], folder, without_requirements)


def update(
    names: Annotated[list[str] | None, typer.Argument(help="Packs; all that were installed, if none is named.")] = None,
    without_requirements: Without = False,
    base_directory: Base = None,
) -> None:
    """Fetch packs again from where they came from, and put the newer ones in place of the old."""
    from cli.packs.home import home_at
    from cli.packs.staging import staging
    from cli.packs.updating import newer
    from cli.report import ending
    from files.packs import read_record

    with ending():
        home = home_at(base_directory)
        chosen = names or [pack.name for pack in (*home.on(), *home.off()) if read_record(pack)]
        with staging(home.root) as folder:
            put(home, newer(home, dict.fromkeys(chosen), folder, tell), folder, without_requirements)


def disable(name: Name, base_directory: Base = None) -> None:
    """Switch a pack off; its files stay, under a name that ends in .disabled."""
    _rename(
        base_directory, lambda home: home.find_on(name), lambda pack: pack.path.with_name(pack.path.name + OFF), "off"
    )


def enable(name: Name, base_directory: Base = None) -> None:
    """Switch a pack on again."""
    _rename(base_directory, lambda home: home.find_off(name), _name_when_on, "on")


def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Also if that loses what no source has any more.")] = False,
    base_directory: Base = None,
) -> None:
    """Remove a pack's folder; what pip installed for it stays, since others may use it."""
    from cli.packs.home import home_at
    from cli.packs.staging import staging
    from cli.packs.updating import refuse_if_lost
    from cli.report import ending

    with ending():
        home = home_at(base_directory)
        pack = home.find(name)
        if not yes and not pack.path.is_symlink():
            refuse_if_lost(pack)
        with staging(pack.path.parent) as folder:
            pack.path.rename(folder / pack.path.name)
        tell(f"{pack.name} is removed.")


def install_requirements(name: Name, base_directory: Base = None) -> None:
    """Install what a pack asks pip for, if it was put there by hand."""
    from cli.packs import pip
    from cli.packs.home import home_at
    from cli.report import ending
    from files.packs.requirements import needs_of, options_of

    with ending():
        home = home_at(base_directory)
        pack = home.find(name)
        for line in options_of(pack):
            tell(f"requirements.txt of {pack.name} has the option {line}, which is not followed.")
        changes = pip.resolve(needs_of(pack), home.environment(without=[pack.name]))
        with pip.installed(changes, tell):
            pass
        tell(f"{pack.name} has all it asks for." + (" Start Weft again, if it runs." if changes else ""))


def put(
    home: Home, placements: Sequence[Placement], folder: Path, without_requirements: bool, pins: Sequence[Need] = ()
) -> None:
    """Put staged packs in their place, and tell it. pins: versions that are to be installed besides."""
    from cli.packs.installing import place
    from files.packs.requirements import needs_of

    for note in (note for each in placements for note in each.staged.notes):
        tell(note)
    environment = home.environment(without=[each.staged.pack.name for each in placements])
    needs = (
        [*pins, *(need for each in placements for need in needs_of(each.staged.pack))]
        if not without_requirements
        else []
    )
    place(placements, needs, environment, folder, tell)
    for each in placements:
        record = each.staged.record
        at = record.commit[:12] if record.commit else record.version
        tell(f"{each.staged.pack.name}{f' ({at})' if at else ''} is in {each.target}.")


def tell(sentence: str) -> None:
    """Tell how far the work is; standard output is left to what was asked for."""
    typer.echo(sentence, err=True)


def _rename(base: Path | None, find: Callable[[Home], Pack], to: Callable[[Pack], Path], word: str) -> None:
    from cli.packs.home import home_at
    from cli.report import ending
    from files.packs import PackError

    with ending():
        pack = find(home_at(base))
        target = to(pack)
        if os.path.lexists(target):
            raise PackError(f"{target} is there already; {pack.name} stays as it is.")
        pack.path.rename(target)
        tell(f"{pack.name} is switched {word}.")


def _name_when_on(pack: Pack) -> Path:
    folder = pack.path.parent
    root = folder.parent if folder.name == OFF else folder  # ComfyUI-Manager's folder of what is off
    return root / (f"{pack.name}.py" if pack.is_file else pack.name)
