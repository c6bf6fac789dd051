"""How a command ends: with sentences and an exit code, never with a traceback unless one is asked for.

with ending(as_json=True, show_traceback=False):
    …  # an InvalidWorkflowError prints {"status": "invalid", "problems": […]} and ends with code 2
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import typer
from rich.console import Console

from files.model_paths import ModelPathsError
from graph.errors import Cancelled, FormatError, GraphError, NodeError, Problem

INVALID = 2
FAILED = 1
CANCELLED = 130  # what shells report for Ctrl-C


class UsageError(GraphError):
    """The command cannot be carried out as it was typed."""


class InvalidWorkflowError(GraphError):
    """A workflow cannot run; `problems` says why, in reading order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = problems


class _End(NamedTuple):
    status: str
    code: int
    problems: tuple[str, ...]


@contextmanager
def ending(*, as_json: bool = False, show_traceback: bool = False) -> Iterator[None]:
    """End the command with sentences on standard error, and as JSON on standard output, if its work fails."""
    try:
        yield
    except (typer.Exit, BrokenPipeError):
        raise  # BrokenPipeError: whoever read the output has seen enough; typer ends quietly
    except (Exception, KeyboardInterrupt) as error:
        end = _end_of(error)
        if as_json:
            node = {"node": error.node_id} if isinstance(error, NodeError) else {}
            with suppress(OSError):  # a full disk or a closed pipe; the sentences below still come
                typer.echo(json.dumps({"status": end.status, "problems": end.problems, **node}, indent=2))
        if show_traceback:
            typer.echo("".join(traceback.format_exception(error)), err=True)
        console = error_console()
        for problem in end.problems:
            console.print(problem, markup=False)
        raise typer.Exit(end.code) from error


def error_console() -> Console:
    """Return the console for what went wrong; long sentences are left to the terminal to wrap."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


def _end_of(error: BaseException) -> _End:
    match error:
        case KeyboardInterrupt() | Cancelled():
            return _End("cancelled", CANCELLED, ("Cancelled.",))
        case InvalidWorkflowError():
            return _End("invalid", INVALID, tuple(problem.message for problem in error.problems))
        case UsageError() | FormatError() | ModelPathsError():
            return _End("invalid", INVALID, (str(error),))
        case GraphError():
            return _End("failed", FAILED, (str(error),))
        case OSError():
            return _End("failed", FAILED, (f"The result cannot be written or printed: {_os_sentence(error)}.",))
        case _:
            sentence = (
                f"Weft failed where it should not ({type(error).__name__}: {error}); --traceback shows the place."
            )
            return _End("failed", FAILED, (sentence,))


def _os_sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
