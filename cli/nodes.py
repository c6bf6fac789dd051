"""`weft nodes list` and `weft nodes show NAME`: which operators there are."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

app = typer.Typer(no_args_is_help=True, help="The operators that workflows are made of.")


@app.command("list")
def list_nodes() -> None:
    """List all operators with their first sentence."""
    from runtime.engine import builtin_registry

    console = Console(soft_wrap=True, highlight=False)
    for spec in builtin_registry():
        also = f" (also {', '.join(spec.aliases)})" if spec.aliases else ""
        console.print(f"[bold]{spec.name}[/]{also}  [dim]{escape(spec.category)}[/]  {escape(spec.description)}")


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="An operator's name.")]) -> None:
    """Show an operator's inputs and outputs."""
    from graph.spec import MISSING
    from runtime.engine import builtin_registry

    registry = builtin_registry()
    spec = registry.find(name)
    if spec is None:
        near = registry.near_misses(name)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        Console(stderr=True, soft_wrap=True).print(f'No operator is called "{name}".{hint}', markup=False)
        raise typer.Exit(1)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"[bold]{spec.name}[/]  {escape(spec.description)}")
    for socket in spec.inputs:
        default = "" if socket.default is MISSING else f" = {socket.default!r}"
        console.print(f"  in   {socket.name}: {socket.type}{default}  {socket.tooltip}", markup=False)
    for output in spec.outputs:
        console.print(f"  out  {output.name}: {output.type}  {output.tooltip}", markup=False)
