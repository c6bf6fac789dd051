"""`weft validate FILE`: say everything that is wrong with a workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def validate(
    file: Annotated[Path, typer.Argument(help="A workflow (API or editor format) or a picture.")],
    base_directory: Annotated[
        Path | None, typer.Option(help="The folder that holds models/, input/ and output/.")
    ] = None,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where in the code an error arose.")] = False,
) -> None:
    """Check a workflow without running it. Exit code 2 if it cannot run."""
    from cli.report import ending, error_console

    with ending(show_traceback=traceback):
        from cli.workflow_file import check, load_workflow, notes_of, open_here

        studio = open_here(base_directory)
        workflow = load_workflow(file, studio)
        check(workflow, studio)
        for note in notes_of(workflow, studio):
            error_console().print(note, markup=False)
        Console().print(f"{file} can run.", markup=False)
