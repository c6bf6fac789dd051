"""The command `weft`; `python main.py` is the same."""

from __future__ import annotations

import signal
import sys
from types import FrameType

__all__ = ["main"]

CANCELLED = 130  # what shells report for Ctrl-C


def main() -> None:
    """Run the command that was typed. SIGTERM ends it as Ctrl-C does: cancelled, with nothing left half-written."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from cli.app import main as run_command  # here, so that Ctrl-C is quiet from the first moment on

        run_command()
    except KeyboardInterrupt:
        sys.exit(CANCELLED)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
