"""`weft run FILE`: run a workflow in this process."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from cli.engine_options import EngineFlags, with_engine
from graph.brief import brief

if TYPE_CHECKING:
    from graph.execute import RunResult
    from graph.workflow import Workflow
    from runtime.engine import Studio


@with_engine
def run(
    file: Annotated[Path, typer.Argument(help="A workflow (API or editor format) or a picture that holds one.")],
    set: Annotated[list[str] | None, typer.Option(help="NODE.INPUT=VALUE; the node by id, title or type.")] = None,
    seed: Annotated[int | None, typer.Option(help="Replace every seed of the workflow.")] = None,
    to: Annotated[
        list[str] | None, typer.Option(help="Run to this node only, whichever; by id, title or type.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print the written files only.")] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where in the code an error arose.")] = False,
    *,
    engine: EngineFlags,
) -> None:
    """Run a workflow. Exit code 2: it cannot run as it is; 1: a node failed; 130: cancelled by Ctrl-C."""
    from cli.report import ending, error_console

    with ending(as_json=as_json, show_traceback=traceback):
        from cli.workflow_file import check, find_node, load_workflow, notes_of, with_seed, with_settings

        tell = partial(error_console().print, markup=False)
        with engine.open(tell) as studio:
            workflow = with_settings(load_workflow(file, studio), set or [])
            workflow = workflow if seed is None else with_seed(workflow, seed, studio)
            outputs = tuple(find_node(workflow, name).id for name in to) if to else None
            check(workflow, studio, outputs)
            for note in () if quiet or as_json else notes_of(workflow, studio):
                tell(note)
            result = _carry_out(workflow, studio, quiet or as_json, outputs)
            _show(result, studio, as_json)
            if outputs and not quiet and not as_json:
                _show_values(result, workflow, studio)


def _show_values(result: RunResult, workflow: Workflow, studio: Studio) -> None:
    """Tell what the nodes gave that were asked for: they need not be output nodes."""
    for node_id, values in result.outputs.items():
        node = workflow.nodes[node_id]
        spec = studio.registry.find(node.type)
        for output, value in zip(spec.outputs if spec else (), values, strict=True):
            typer.echo(f"{node.label}, {output.name}: {brief(value)}")


def _carry_out(
    workflow: Workflow, studio: Studio, is_silent: bool, outputs: tuple[str, ...] | None = None
) -> RunResult:
    from cli.progress import RunDisplay
    from graph.formats import to_api

    prompt = to_api(workflow)
    if is_silent:
        return studio.engine.run(workflow, outputs=outputs, prompt=prompt)
    with RunDisplay(workflow, Console(stderr=True)) as display:
        return studio.engine.run(workflow, outputs=outputs, prompt=prompt, emit=display)


def _show(result: RunResult, studio: Studio, as_json: bool) -> None:
    files = [str(path) for path in _files(result, studio)]
    if as_json:
        ran, kept = list(result.ran), list(result.cached)
        document = {"status": "done", "files": files, "ran": ran, "cached": kept, "seconds": result.seconds}
        typer.echo(json.dumps(document, indent=2))
    elif files:
        typer.echo("\n".join(files))


def _files(result: RunResult, studio: Studio) -> list[Path]:
    roots = {"output": studio.folders.output, "temp": studio.folders.temp}
    shown: list[dict[str, Any]] = [item for ui in result.ui.values() for item in ui.get("images", [])]
    return [roots[item["type"]] / item["subfolder"] / item["filename"] for item in shown]
