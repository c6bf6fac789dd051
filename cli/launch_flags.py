"""The flags of `weft serve`: one table, read by argparse, which loads in a tenth of the time that typer takes.

parse_flags(["--listen", "--port", "0", "--lowvram"]).listen  # "0.0.0.0,::"

Names and numbers of values are those of ComfyUI 0.33; a flag that has no effect here is in `cli.idle_flags`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from cli.acting_flags import ACTING_FLAGS
from cli.idle_flags import IDLE_FLAGS
from cli.launch_flag import LaunchFlag, Section
from cli.precision_flags import contradiction
from graph.errors import GraphError
from graph.nearest import nearest


class LaunchError(GraphError):
    """The server cannot be started as it was typed; the sentence says why."""


def parse_flags(argv: Sequence[str]) -> argparse.Namespace:
    """Return what was typed, an attribute for each flag, None or False where it was not; LaunchError if it is wrong."""
    flags = all_flags()
    found, unknown = _parser(flags).parse_known_args(list(argv))
    if unknown:
        raise LaunchError(_unknown(unknown[0], [flag.name for flag in flags]))
    _check_groups(found, flags)
    _check_devices(found)
    if len(found.cache_ram or ()) > 2:
        raise LaunchError("--cache-ram takes two numbers at most: GB to keep free, and for what is not in use.")
    return found


def given_flags(found: argparse.Namespace, flags: Sequence[LaunchFlag]) -> Iterator[LaunchFlag]:
    """Yield the flags that were typed."""
    yield from (flag for flag in flags if not any(getattr(found, flag.field) is none for none in (None, False)))


def all_flags() -> tuple[LaunchFlag, ...]:
    """Return every flag: those that act, then those that do not."""
    idle = (LaunchFlag(each.name, Section.IDLE, each.why, each.values, each.metavar, bare="") for each in IDLE_FLAGS)
    return (*ACTING_FLAGS, *idle)


def _check_groups(found: argparse.Namespace, flags: Sequence[LaunchFlag]) -> None:
    chosen: dict[str, str] = {}
    for flag in given_flags(found, [each for each in flags if each.group]):
        if flag.group in chosen:
            raise LaunchError(f"--{chosen[flag.group]} and --{flag.name} exclude each other; leave one out.")
        chosen[flag.group] = flag.name


def _check_devices(found: argparse.Namespace) -> None:
    device = found.device if found.default_device is None else f"cuda:{found.default_device}"
    if found.cpu and device not in (None, "cpu"):
        raise LaunchError(f"--cpu and the device {device} exclude each other; leave one out.")
    fault = contradiction([flag.name for flag in given_flags(found, all_flags())])
    if fault is not None:
        raise LaunchError(fault)


def _unknown(word: str, names: Sequence[str]) -> str:
    if not word.startswith("-"):
        return f'"{word}" is no flag; `weft serve` takes flags only, and `weft run {word}` runs a workflow.'
    name = word.partition("=")[0]
    match = nearest(name.lstrip("-"), names)
    hint = "; `weft serve --help` lists them all." if match is None else f"; did you mean --{match}?"
    return f"{name} is no flag of `weft serve`{hint}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise a sentence in place of usage and exit."""
        raise LaunchError(f"{message.removeprefix('argument ').rstrip('.')}.")


def _parser(flags: Sequence[LaunchFlag]) -> _Parser:
    parser = _Parser(
        prog="weft serve",
        allow_abbrev=False,
        description="Start the server and the editor. ComfyUI's launch flags are accepted.",
    )
    groups = {section: parser.add_argument_group(section.value) for section in Section}
    for flag in flags:
        groups[flag.section].add_argument(f"--{flag.name}", dest=flag.field, **_arguments(flag))
    return parser


def _arguments(flag: LaunchFlag) -> dict[str, Any]:
    text = {"help": flag.help.replace("%", "%%")}
    if flag.values == 0:
        return {**text, "action": "store_true"}
    action = "append" if flag.repeats else "store"
    taken = {"nargs": flag.values, "metavar": flag.metavar, "type": flag.kind, "action": action}
    return {**text, **taken, "choices": flag.choices, "const": flag.bare if flag.values == "?" else None}
