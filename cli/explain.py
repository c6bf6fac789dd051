"""`weft explain FILE`: what a run would move through the memory of the device, without running anything."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.memory_options import RamBudget

if TYPE_CHECKING:
    from graph.simulate import Explanation, Step
    from graph.workflow import Workflow
    from runtime.engine import Studio

USUAL_BANDWIDTH = "2GB"  # a second, from an NVMe drive (2026-11); see graph.simulate


def explain(
    file: Annotated[Path, typer.Argument(help="A workflow (API or editor format) or a picture that holds one.")],
    budget: Annotated[str | None, typer.Option(help='Memory of the device: "600MB", "2GB", "40%"; else all.')] = None,
    ram_budget: RamBudget = None,
    bandwidth: Annotated[str, typer.Option(help="What is read of files in a second.")] = USUAL_BANDWIDTH,
    base_directory: Annotated[Path | None, typer.Option(help="The folder that holds models/.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps; the best one if left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    traceback: Annotated[bool, typer.Option("--traceback", help="Show where in the code an error arose.")] = False,
) -> None:
    """Show the order of a run, what it moves to the device and the peak there. Nothing runs; sizes come from headers."""
    from cli.report import ending

    with ending(as_json=as_json, show_traceback=traceback):
        from cli.memory_options import memory_settings
        from cli.workflow_file import check, load_workflow, open_here

        studio = open_here(base_directory, device, memory_settings(budget, None, {}, ram=ram_budget))
        workflow = load_workflow(file, studio)
        check(workflow, studio)
        explanation = _explain(workflow, studio, bandwidth)
        if as_json:
            typer.echo(json.dumps(_document(explanation), indent=2))
        else:
            _print(explanation, workflow)


def _explain(workflow: Workflow, studio: Studio, bandwidth: str) -> Explanation:
    from cli.report import UsageError
    from runtime.sizes import parse_size

    try:
        bytes_per_s = parse_size(bandwidth)
    except ValueError as error:
        raise UsageError(f"--bandwidth: {error}.") from error
    if not bytes_per_s:
        raise UsageError("--bandwidth: nothing would ever arrive; write what is brought in a second, such as 2GB.")
    return studio.scheduler.explain(studio.engine.plan(workflow), float(bytes_per_s))


def _document(explanation: Explanation) -> dict[str, Any]:
    return {
        "budget_bytes": explanation.budget_bytes,
        "peak_bytes": explanation.peak_bytes,
        "moved_bytes": explanation.moved_bytes,
        "ram_budget_bytes": explanation.ram_budget_bytes,
        "from_ram_bytes": explanation.from_ram_bytes,
        "seconds": explanation.seconds,
        "steps": [_step(step) for step in explanation.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    moves = [
        _move(type(move).__name__.lower(), block.name, block.nbytes) for move in step.moves for block in _blocks(move)
    ]
    tiers = {"from_ram_bytes": step.from_ram_bytes, "ram_bytes": step.ram_bytes}
    known = {"moved_bytes": step.moved_bytes, "peak_bytes": step.peak_bytes, "seconds": step.seconds, **tiers}
    return {"node": step.node_id, **known, "moves": moves}


def _move(action: str, block: str, nbytes: int) -> dict[str, Any]:
    return {"action": action, "block": block, "bytes": nbytes}


def _blocks(move: Any) -> tuple[Any, ...]:
    return move.blocks if hasattr(move, "blocks") else (move.block,)


def _print(explanation: Explanation, workflow: Workflow) -> None:
    from graph.memory import show_bytes

    has_ram = explanation.ram_budget_bytes > 0
    ram_columns = ("from RAM", "then in RAM") if has_ram else ()
    table = Table("node", "to the device", "moved", *ram_columns, "in use at most", "seconds")
    for step in explanation.steps:
        sizes = [step.moved_bytes, *((step.from_ram_bytes, step.ram_bytes) if has_ram else ()), step.peak_bytes]
        label = workflow.nodes[step.node_id].label
        table.add_row(label, _words(step), *map(show_bytes, sizes), f"{step.seconds:.3f}")
    near = f", {show_bytes(explanation.from_ram_bytes)} of it from RAM" if has_ram else ""
    console = Console()
    console.print(table)
    console.print(
        f"peak {show_bytes(explanation.peak_bytes)} of {show_bytes(explanation.budget_bytes)}; "
        f"{show_bytes(explanation.moved_bytes)} moved{near}, which takes about {explanation.seconds:.2f} s",
        highlight=False,
    )


def _words(step: Step) -> str:
    """Tell the moves of a step: how many blocks of which network."""
    count: Counter[str] = Counter()
    for move in step.moves:
        for block in _blocks(move):
            network, _, patches = block.name.split("/")[0].split()[-1].partition("+")
            network += " (patched)" if patches else ""
            count[f"{type(move).__name__.lower()} {{}} of {network}"] += 1
    return ", ".join(text.format(number) for text, number in count.items())
