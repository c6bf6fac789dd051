"""Which node runs now: what ProgressBar, interruption and messages of packs need, whose calls carry no `run`.

    with running(run):  # around a node's function, by whoever calls it
        function(**inputs)

In the same thread or task the run is the one of the innermost `running`. A thread that a pack starts inherits nothing;
there, the node that began last counts, as in ComfyUI.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from compat.interruption import InterruptProcessingException
from graph.errors import Cancelled
from graph.run import Run

CANCELLED = "The run was cancelled."


@dataclass(eq=False)
class Running:
    """A node's function that runs. list_index: which call of it, for a list. is_ended: the node asked for the run's end."""

    run: Run
    list_index: int
    is_ended: bool = False
    graphs: Iterator[int] = field(default_factory=itertools.count)  # numbers of the graphs that it builds


@dataclass(eq=False)
class _Stage:
    """All functions that run, in the order in which they began; the ids only tell them apart."""

    all: dict[int, Running] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=itertools.count)
    lock: threading.Lock = field(default_factory=threading.Lock)


# The one place in which a process keeps which node runs: packs call functions of modules, which have no argument for it.
_own: ContextVar[Running | None] = ContextVar("compat.current", default=None)
_stage = _Stage()


@contextmanager
def running(run: Run) -> Iterator[None]:
    """Let a node's function run as `run`; Cancelled if it was interrupted, by the user or by itself."""
    entry = Running(run, run.row)
    with _stage.lock:
        key = next(_stage.ids)
        _stage.all[key] = entry
    token = _own.set(entry)
    try:
        yield
    except InterruptProcessingException as error:
        raise Cancelled(CANCELLED) from error
    finally:
        _own.reset(token)
        with _stage.lock:
            del _stage.all[key]
    if entry.is_ended:
        raise Cancelled(CANCELLED)


def now_running(otherwise: Running | None = None) -> Running | None:
    """Return what runs here: of this thread or task, else `otherwise` if it still runs, else what began last."""
    entry = _own.get()
    if entry is not None:
        return entry
    with _stage.lock:
        entries = list(_stage.all.values())
    return otherwise if otherwise in entries else next(reversed(entries), None)


def current_run() -> Run | None:
    """Return the run of the node that calls; None outside of all nodes."""
    entry = now_running()
    return None if entry is None else entry.run


def is_interrupted(entry: Running | None = None) -> bool:
    """Return whether the node that calls, or the given one, should end."""
    entry = entry or now_running()
    if entry is None:
        return False
    if entry.is_ended:
        return True
    try:
        entry.run.check_cancelled()
    except Cancelled:
        return True
    return False


def raise_if_interrupted() -> None:
    """Raise InterruptProcessingException if the node that calls should end."""
    if is_interrupted():
        raise InterruptProcessingException(CANCELLED)


def end_current(is_ended: bool = True) -> bool:
    """Let the node that calls, and with it the run, end; return whether there is one."""
    entry = now_running()
    if entry is not None:
        entry.is_ended = is_ended
    return entry is not None
