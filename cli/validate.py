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
) -> None:
    """Check a workflow without running it. Exit code 2 if it cannot run."""
    from cli.workflow_file import INVALID, load_workflow, problems_of
    from graph.errors import GraphError
    from runtime.engine import open_studio
    from runtime.settings import Settings, default_base

    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        studio = open_studio(Settings(base=base_directory or default_base()))
        problems = problems_of(load_workflow(file, studio), studio)
    except GraphError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(INVALID) from error
    for problem in problems:
        errors.print(problem.message, markup=False)
    if problems:
        raise typer.Exit(INVALID)
    Console().print(f"{file} can run.")
