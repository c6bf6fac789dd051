"""`weft doctor`: what is installed, what is missing, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from cli.checks.finding import Finding
    from cli.checks.table import Checked

STYLES: Mapping[str, str] = {"ok": "green", "note": "yellow", "problem": "bold red"}


def doctor(
    base_directory: Annotated[Path | None, typer.Option(help="The folder that holds models/ and input/.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check the installation, the device, the folders and the models. Exit code 1: something needed is missing."""
    from cli.checks.finding import State
    from cli.checks.table import look, run_checks
    from runtime.settings import default_base

    base = base_directory or default_base()
    checked = list(run_checks(look(base.absolute())))
    n_problems = sum(one.finding.state is State.PROBLEM for one in checked)
    if as_json:
        typer.echo(json.dumps(_document(base, checked, n_problems), indent=2))
    else:
        _show(checked, n_problems)
    if n_problems:
        raise typer.Exit(1)


def _document(base: Path, checked: Iterable[Checked], n_problems: int) -> dict[str, object]:
    findings = [
        {
            "check": title.lower(),
            "name": finding.name,
            "state": finding.state.value,
            "message": finding.message,
            "remedy": finding.remedy,
            "data": dict(finding.data),
        }
        for title, finding in checked
    ]
    return {"is_ready": n_problems == 0, "base_directory": str(base), "findings": findings}


def _show(checked: Sequence[Checked], n_problems: int) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for title, group in groupby(checked, key=lambda one: one.title):
        console.print(title, style="bold")
        for one in group:
            _show_finding(console, one.finding)
    if n_problems:
        console.print(f"{n_problems} {'problem' if n_problems == 1 else 'problems'}: see the remedies above.")
    else:
        console.print("Everything that is needed is there.")


def _show_finding(console: Console, finding: Finding) -> None:
    state = finding.state.value
    console.print(Text.assemble("  ", (f"{state:<8}", STYLES[state]), finding.message))
    if finding.remedy is not None:
        console.print(Text(f"{'':10}remedy: {finding.remedy}"))
