"""`weft run FILE`: run a workflow in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from cli.precision_options import PrecisionFlags, with_precision

if TYPE_CHECKING:
    from graph.execute import RunResult
    from graph.workflow import Workflow
    from runtime.engine import Studio


@with_precision
def run(
    file: Annotated[Path, typer.Argument(help="A workflow (API or editor format) or a picture that holds one.")],
    set: Annotated[list[str] | None, typer.Option(help="NODE.INPUT=VALUE; the node by id, title or type.")] = None,
    seed: Annotated[int | None, typer.Option(help="Replace every seed of the workflow.")] = None,
    output_directory: Annotated[Path | None, typer.Option(help="Where pictures are written.")] = None,
    base_directory: Annotated[Path | None, typer.Option(help="The folder that holds models/ and input/.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps; the best one if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print the written files only.")] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where in the code an error arose.")] = False,
    *,
    precision: PrecisionFlags,
) -> None:
    """Run a workflow. Exit code 2: it cannot run as it is; 1: a node failed; 130: cancelled by Ctrl-C."""
    from cli.report import ending, error_console

    with ending(as_json=as_json, show_traceback=traceback):
        from cli.workflow_file import check, load_workflow, notes_of, open_here, with_seed, with_settings

        studio = open_here(base_directory, output_directory, device, precision.settings())
        workflow = with_settings(load_workflow(file, studio), set or [])
        workflow = workflow if seed is None else with_seed(workflow, seed, studio)
        check(workflow, studio)
        for note in () if quiet or as_json else notes_of(workflow, studio):
            error_console().print(note, markup=False)
        _show(_carry_out(workflow, studio, quiet or as_json), studio, as_json)


def _carry_out(workflow: Workflow, studio: Studio, is_silent: bool) -> RunResult:
    from cli.progress import RunDisplay
    from graph.formats import to_api

    prompt = to_api(workflow)
    if is_silent:
        return studio.engine.run(workflow, prompt=prompt)
    with RunDisplay(workflow, Console(stderr=True)) as display:
        return studio.engine.run(workflow, prompt=prompt, emit=display)


def _show(result: RunResult, studio: Studio, as_json: bool) -> None:
    files = [str(path) for path in _files(result, studio)]
    if as_json:
        ran, kept = list(result.ran), list(result.cached)
        document = {"status": "done", "files": files, "ran": ran, "cached": kept, "seconds": result.seconds}
        typer.echo(json.dumps(document, indent=2))
    else:
        typer.echo("\n".join(files))


def _files(result: RunResult, studio: Studio) -> list[Path]:
    roots = {"output": studio.folders.output, "temp": studio.folders.temp}
    shown: list[dict[str, Any]] = [item for ui in result.ui.values() for item in ui.get("images", [])]
    return [roots[item["type"]] / item["subfolder"] / item["filename"] for item in shown]
