"""Nodes that behave as node packs sometimes do; workers in tests load them by --nodes-module."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Any

import torch
from PIL import Image

from graph.choices import Fault, Names
from graph.run import Run
from graph.spec import node
from graph.types import INT, SocketType


@node(category="test", output=True, pure=False)
def Spin() -> None:
    """Hold the interpreter and never look up."""
    while True:
        pass


@node(category="test", output=True, pure=False)
def Wait(*, run: Run) -> None:
    """Wait until the run is cancelled."""
    while True:
        run.check_cancelled()


@node(category="test", output=True, pure=False)
def Chatter(*, run: Run) -> None:
    """Write to standard output in every way, and read standard input."""
    print("from print")
    os.write(1, b"from a C library\n")
    sys.stdout.write("without an end")
    run.show("text", [sys.stdin.read()])


@node(category="test", output=True, pure=False)
def Count(total: int, *, run: Run) -> None:
    """Tell many steps."""
    for value in range(total):
        run.progress(value, total)


@node(category="test", output=True, pure=False)
def Paint(*, run: Run) -> None:
    """Show pictures, larger than anyone wants, until the run is cancelled."""
    for value in count(1):
        run.preview(lambda: Image.new("RGB", (1024, 512), "red"))
        run.progress(value, value)


@node(category="test", output=True, pure=False)
def PaintNothing(*, run: Run) -> None:
    """Show what is no picture, and wait until the run is cancelled."""
    run.preview("a text")
    while True:
        run.check_cancelled()


@node(category="test", output=True, pure=False)
def Strange(*, run: Run) -> None:
    """Show what JSON does not know."""
    run.show("things", [torch.float16, {(1, 2): "a pair"}, "half a \udcff", float("nan")])


@node(category="test", output=True, pure=False)
def Fail(how: str, number: int = 7) -> None:
    """Fail in one of several ways."""
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        sys.exit(3)
    if how == "memory":
        raise torch.OutOfMemoryError("CUDA out of memory.")
    raise ValueError(f"{how} is not right")


def _is_even(number: int = 0, **others: Any) -> str | None:
    return f"{number} is not even" if number % 2 else None


@node(category="test", output=True, validate=_is_even)
def Checked(number: int) -> None:
    """Take even numbers only."""


@dataclass(frozen=True)
class Dial:
    """A widget of a node pack."""

    most: int

    @property
    def type(self) -> SocketType:
        """INT."""
        return INT

    def convert(self, value: Any) -> int:
        """Return a whole number."""
        return int(value)

    def check(self, value: Any, names: Names | None = None) -> Fault | None:
        """Return that the dial does not go as far."""
        return Fault(f"{value} is off the dial", "custom_validation_failed") if value > self.most else None

    def describe(self) -> dict[str, Any]:
        """Return its end."""
        return {"max": self.most, "display": "dial"}


@node(category="test", output=True)
def Dialled(value: Annotated[int, Dial(11)]) -> None:
    """Take what a dial says."""
