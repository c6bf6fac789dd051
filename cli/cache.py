"""`weft cache show|verify|trim|clear`: what the disk tier holds, whether it is whole, and making it smaller."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from graph.store_index import Totals

CacheDirectory = Annotated[
    Path | None,
    typer.Option(help="Where results are kept on the disk; user/cache if left out.", envvar="WEFT_CACHE_DIRECTORY"),
]
BaseDirectory = Annotated[Path | None, typer.Option(help="The folder that holds models/.")]
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

app = typer.Typer(no_args_is_help=True, help="Show, verify, trim or clear the results that are kept on the disk.")


@app.command()
def show(base_directory: BaseDirectory = None, cache_directory: CacheDirectory = None) -> None:
    """Show how much is kept, by type of node: how large, how dear, how useful, how old."""
    from rich.console import Console
    from rich.table import Table

    from cli.report import ending
    from graph.store_care import totals

    with ending():
        folder = _folder(base_directory, cache_directory)
        rows = totals(folder) if folder.is_dir() else ()
        table = Table(title=str(folder), title_justify="left")
        for name in ("node", "results", "size", "cost", "hits", "saved", "oldest", "last used"):
            table.add_column(name, justify="left" if name == "node" else "right")
        for row in rows:
            table.add_row(row.source, *_cells(row))
        Console().print(table)
        size, saved = sum(row.nbytes for row in rows), sum(row.saved_s for row in rows)
        typer.echo(f"{sum(row.blobs for row in rows)} results, {_size(size)}, {saved:.1f} s saved")


@app.command()
def verify(
    base_directory: BaseDirectory = None,
    cache_directory: CacheDirectory = None,
    only_report: Annotated[bool, typer.Option("--only-report", help="Remove nothing.")] = False,
) -> None:
    """Read everything that is kept and remove what is damaged. Exit code 1 if there was anything."""
    from cli.report import FAILED, ending
    from graph.store_care import check

    with ending():
        folder = _folder(base_directory, cache_directory)
        if not folder.is_dir():
            typer.echo("0 results are kept.")
            return
        report = check(folder, is_repairing=not only_report)
        for problem in report.problems:
            typer.echo(problem, err=True)
        done = "" if not report.problems else "; nothing is removed" if only_report else "; that is removed"
        typer.echo(f"{report.blobs} results, {_size(report.nbytes)}: {len(report.problems)} problems{done}.")
        if report.problems:
            raise typer.Exit(FAILED)


@app.command()
def trim(
    to: Annotated[str, typer.Option(help="How much may stay, for example 500M or 2G.")],
    base_directory: BaseDirectory = None,
    cache_directory: CacheDirectory = None,
) -> None:
    """Remove what is cheap to make again for its size, until the rest is small enough."""
    from cli.report import ending
    from graph import store_care

    with ending():
        folder, budget_bytes = _folder(base_directory, cache_directory), _bytes_of(to)
        gone = store_care.trim(folder, budget_bytes) if folder.is_dir() else 0
        typer.echo(f"{_size(gone)} are removed.")


@app.command()
def clear(
    base_directory: BaseDirectory = None,
    cache_directory: CacheDirectory = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove all results that are kept on the disk; the next run makes them again."""
    from cli.report import ending
    from graph import store_care

    with ending():
        folder = _folder(base_directory, cache_directory)
        if not yes and not typer.confirm(f"Remove all results in {folder}?"):
            raise typer.Exit(1)
        gone = store_care.trim(folder, 0) if folder.is_dir() else 0
        typer.echo(f"{_size(gone)} are removed.")


def _folder(base: Path | None, directory: Path | None) -> Path:
    from graph.store_index import store_folder
    from runtime.settings import cache_folder, default_base

    return store_folder(cache_folder(base or default_base(), directory))


def _cells(row: Totals) -> tuple[str, ...]:
    now = time.time()
    return (
        str(row.blobs),
        _size(row.nbytes),
        f"{row.seconds:.1f} s",
        str(row.hits),
        f"{row.saved_s:.1f} s",
        _span(now - row.oldest),
        _span(now - row.used),
    )


def _bytes_of(text: str) -> int:
    from cli.report import UsageError

    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    if found is None:
        raise UsageError(f"--to {text}: this is not a size; write it as 500M or 2G.")
    return int(float(found[1]) * UNITS[found[2].upper()])


def _size(nbytes: int) -> str:
    amount, unit = float(nbytes), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def _span(seconds: float) -> str:
    length, unit = next(((length, unit) for length, unit in SPANS if seconds >= length), SPANS[-1])
    return f"{max(seconds, 0) / length:.0f} {unit}"
