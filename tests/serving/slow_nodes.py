"""Nodes for tests of the server: one that holds the interpreter, one that leaves a mark when it is done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from graph.run import Run
from graph.spec import node
from graph.widgets import Range


@node(category="tests", output=True, pure=False)
def Spin(seconds: Annotated[float, Range(0, 1000)] = 1.0) -> None:
    """Compute in pure Python without ever looking up, as a badly written pack does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@node(category="tests", output=True, pure=False)
def Count(seconds: Annotated[float, Range(0, 1000)] = 1.0, *, run: Run) -> None:
    """Work in small steps that can be cancelled."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run.check_cancelled()
        time.sleep(0.01)


@node(category="tests", output=True, pure=False)
def Mark(path: str = "", text: str = "") -> None:
    """Add a line to a file: whoever reads it knows what ran to its end, and how often."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text + "\n")
