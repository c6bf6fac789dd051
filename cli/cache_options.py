"""The options about the cache that several commands have; names, numbers and meanings are ComfyUI's where it has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from cli.report import UsageError

if TYPE_CHECKING:
    from runtime.settings import CacheSettings

RAM = "--cache-ram"  # takes any number of numbers, which options otherwise cannot
NUMBER = re.compile(r"\d+\.?\d*|\.\d+")

CacheNone = Annotated[bool, typer.Option("--cache-none", help="Keep no results, not on the disk either.")]
CacheLru = Annotated[int | None, typer.Option(help="Keep the N results in memory that were used last.")]
CacheClassic = Annotated[
    bool, typer.Option("--cache-classic", "--high-ram", help="Keep the results of the last workflow in memory.")
]
CacheRam = Annotated[
    str | None,
    typer.Option(
        metavar="[GB [GB]]",
        help="Keep results while this many GB of RAM are free (a tenth of it, 2 to 10), those of other workflows "
        "while the second number is.",
    ),
]
CacheDisk = Annotated[float | None, typer.Option(help="GB that results may take on the disk (10); 0: none.")]


class CommandWithNumbers(TyperCommand):
    """A command whose --cache-ram may be followed by no number, one or several, as in ComfyUI."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the option and its numbers, then read the arguments as usual."""
        joined: list[str] = []
        waiting = list(args)
        while waiting:
            joined.append(waiting.pop(0))
            if joined[-1] == "--":
                joined += waiting
                break
            if joined[-1] == RAM:
                numbers = []
                while waiting and NUMBER.fullmatch(waiting[0]):
                    numbers.append(waiting.pop(0))
                joined[-1] = f"{RAM}={' '.join(numbers)}"
        return super().parse_args(ctx, joined)


def chosen_cache(
    none: bool, lru: int | None, classic: bool, ram: str | None, disk: float | None, directory: Path | None
) -> CacheSettings:
    """Return what was chosen; UsageError if switches contradict each other."""
    import psutil

    from runtime.settings import cache_settings

    try:
        numbers = None if ram is None else [float(number) for number in ram.replace(",", " ").split()]
    except ValueError as error:
        raise UsageError(f"{RAM} {ram}: these are no numbers; write {RAM} 4, for example, or nothing.") from error
    try:
        return cache_settings(
            none=none,
            lru=lru,
            classic=classic,
            ram=numbers,
            disk=disk,
            directory=directory,
            total_bytes=psutil.virtual_memory().total,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
