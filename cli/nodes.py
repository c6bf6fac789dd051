"""`weft nodes`: which operators there are, built in and of node packs, and the start of a pack of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli import check_pack, new_pack

if TYPE_CHECKING:
    from graph.registry import Registry

app = typer.Typer(no_args_is_help=True, help="The operators that workflows are made of.")
app.command("new")(new_pack.new)
app.command("check")(check_pack.check)
Base = Annotated[Path | None, typer.Option(help="The folder that holds custom_nodes/.")]


@app.command("list")
def list_nodes(base_directory: Base = None) -> None:
    """List all operators with their first sentence, those of node packs with their pack."""
    from runtime.realm import pack_of

    console = Console(soft_wrap=True, highlight=False)
    for spec in _registry(base_directory):
        also = f" (also {', '.join(spec.aliases)})" if spec.aliases else ""
        pack = pack_of(spec)
        origin = "" if pack is None else f"  [cyan]{escape(pack)}[/]"
        about = f"[dim]{escape(spec.category)}[/]{origin}  {escape(spec.description)}"
        console.print(f"[bold]{escape(spec.name)}[/]{escape(also)}  {about}")


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
