"""Programs that tests interrupt: they hear Ctrl-C however the tests were started, and end with the test in any case."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike


@contextmanager
def interruptible(command: Sequence[str | PathLike[str]]) -> Iterator[subprocess.Popen[str]]:
    """Start a program whose output is read."""
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=_hear_interrupts
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _hear_interrupts() -> None:
    """Shells let programs in the background ignore Ctrl-C, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
