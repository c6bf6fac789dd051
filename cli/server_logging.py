"""Where the server's log goes: `--verbose [LEVEL [FILE]]`, `--log-stdout`, `--dont-print-server`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cli.launch_flags import LaunchError

# ComfyUI's levels; DETAIL is its own.
LEVELS = {"DEBUG": 10, "DETAIL": 15, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LogOutput(NamedTuple):
    """One place of the log. `file` None: the console."""

    level: int
    file: Path | None


def set_up_logging(typed: argparse.Namespace) -> None:
    """Send the log where the flags say."""
    outputs = [log_output(words) for words in typed.verbose or ()]
    usual = logging.WARNING if typed.dont_print_server else logging.INFO
    console = min((each.level for each in outputs if each.file is None), default=usual)
    handlers = [_console(console, typed.log_stdout), *_files(outputs)]
    logging.basicConfig(level=min(handler.level for handler in handlers), handlers=handlers, format=FORMAT)


def log_output(words: Sequence[str]) -> LogOutput:
    """Return what one `--verbose` asks for; LaunchError if it is neither a level nor a level and a file."""
    if not words:
        return LogOutput(logging.DEBUG, None)
    if words[0] not in LEVELS or len(words) > 2:
        raise LaunchError(f"--verbose takes nothing, LEVEL, or LEVEL FILE; LEVEL is one of {', '.join(LEVELS)}.")
    return LogOutput(LEVELS[words[0]], Path(words[1]) if len(words) > 1 else None)


def _console(level: int, is_stdout: bool) -> logging.Handler:
    handler = logging.StreamHandler(sys.stdout if is_stdout else sys.stderr)
    handler.setLevel(level)
    return handler


def _files(outputs: Sequence[LogOutput]) -> Iterator[logging.Handler]:
    for each in (each for each in outputs if each.file is not None):
        try:
            handler = logging.FileHandler(str(each.file), encoding="utf-8")
        except OSError as error:
            raise LaunchError(f"--verbose {each.file}: the log cannot be written there: {error.strerror}.") from error
        handler.setLevel(each.level)
        yield handler
