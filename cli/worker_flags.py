"""The command line of the worker: what of `weft serve` concerns the engine, in the words that `weft run` has too.

worker_flags(parse_flags(["--port", "0", "--cache-ram", "4", "24", "--cpu"]))  # ["--cpu", "--cache-ram", "4.0", "24.0"]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from cli.acting_flags import ACTING_FLAGS
from cli.launch_flags import given_flags

FOLDER_FLAGS = ("base-directory", "output-directory", "input-directory", "models-directory")


def worker_flags(typed: argparse.Namespace) -> list[str]:
    """Return the flags for the worker."""
    return [*_folders(typed), *_as_typed(typed), *_translated(typed)]


def _folders(typed: argparse.Namespace) -> Iterator[str]:
    for name in FOLDER_FLAGS:
        place: Path | None = getattr(typed, name.replace("-", "_"))
        if place is not None:
            yield from (f"--{name}", str(place))
    if typed.temp_directory is not None:
        yield from ("--temp-directory", str(typed.temp_directory / "temp"))
    for path in (path for paths in typed.extra_model_paths_config or () for path in paths):
        yield from ("--extra-model-paths-config", str(path))


def _as_typed(typed: argparse.Namespace) -> Iterator[str]:
    for flag in given_flags(typed, [each for each in ACTING_FLAGS if each.is_for_worker]):
        yield f"--{flag.name}"
        if flag.values != 0:
            yield str(getattr(typed, flag.field))


def _translated(typed: argparse.Namespace) -> Iterator[str]:
    for name in (name for names in typed.whitelist_custom_nodes or () for name in names):
        yield from ("--whitelist-custom-nodes", name)
    if typed.high_ram:
        yield "--cache-classic"
    if typed.cache_ram is not None:
        yield from ("--cache-ram", *map(str, typed.cache_ram))
    if typed.default_device is not None:
        yield from ("--device", f"cuda:{typed.default_device}")
