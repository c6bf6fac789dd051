"""`weft nodes`: which operators there are, built in and of node packs; packs are begun, installed and removed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli import new_pack
from cli.packs import commands, listing, set_commands

if TYPE_CHECKING:
    from graph.registry import Registry

app = typer.Typer(no_args_is_help=True, help="The operators that workflows are made of.")
app.command("new")(new_pack.new)
app.command("install")(commands.install)
app.command("update")(commands.update)
app.command("disable")(commands.disable)
app.command("enable")(commands.enable)
app.command("remove")(commands.remove)
app.command("install-requirements")(commands.install_requirements)
app.command("freeze")(set_commands.freeze)
app.command("restore")(set_commands.restore)
Base = Annotated[Path | None, typer.Option(help="The folder that holds custom_nodes/.")]


@app.command("list")
def list_nodes(
    packs: Annotated[bool, typer.Option("--packs", help="Only the packs, which are not loaded for it.")] = False,
    base_directory: Base = None,
) -> None:
    """List all operators with their first sentence, then the node packs with version, state and source."""
    from cli.report import ending

    console = Console(soft_wrap=True, highlight=False)
    nodes = None if packs else _print_operators(console, _registry(base_directory))
    with ending():
        listing.print_packs(console, base_directory, nodes)


def _print_operators(console: Console, registry: Registry) -> Counter[str]:
    """Print the operators; return how many each pack has, by its module."""
    from runtime.realm import pack_of

    counts: Counter[str] = Counter()
    for spec in registry:
        also = f" (also {', '.join(spec.aliases)})" if spec.aliases else ""
        pack = pack_of(spec)
        origin = "" if pack is None else f"  [cyan]{escape(pack)}[/]"
        about = f"[dim]{escape(spec.category)}[/]{origin}  {escape(spec.description)}"
        console.print(f"[bold]{escape(spec.name)}[/]{escape(also)}  {about}")
        counts.update([pack] if pack else [])
    return counts


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="An operator's name.")], base_directory: Base = None) -> None:
    """Show an operator's inputs and outputs."""
    from graph.spec import MISSING

    registry = _registry(base_directory)
    spec = registry.find(name)
    if spec is None:
        near = registry.near_misses(name)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        Console(stderr=True, soft_wrap=True).print(f'No operator is called "{name}".{hint}', markup=False)
        raise typer.Exit(1)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"[bold]{escape(spec.name)}[/]  {escape(spec.description)}")
    for socket in spec.inputs:
        default = "" if socket.default is MISSING else f" = {socket.default!r}"
        console.print(f"  in   {socket.name}: {socket.type}{default}  {socket.tooltip}", markup=False)
    for output in spec.outputs:
        console.print(f"  out  {output.name}: {output.type}  {output.tooltip}", markup=False)


def _registry(base: Path | None) -> Registry:
    from cli.report import ending
    from cli.workflow_file import open_here

    with ending():
        return open_here(base).registry
    raise AssertionError("ending() lets no error pass")
