"""The command `weft`; `python main.py` is the same. Without a command, or with flags only, it starts the server."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from types import FrameType

__all__ = ["main"]

CANCELLED = 130  # what shells report for Ctrl-C
OF_ALL_COMMANDS = ("--help", "--version")


def main() -> None:
    """Run the command that was typed. SIGTERM ends it as Ctrl-C does: cancelled, with nothing left half-written."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(_run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(CANCELLED)


def _run(words: Sequence[str]) -> int | None:
    """Imports stand here, so that Ctrl-C is quiet from the first moment on, and the server starts without the rest."""
    first = words[0] if words else "serve"
    if first == "serve" or (first.startswith("--") and first not in OF_ALL_COMMANDS):
        from cli.serve import main as start_server

        return start_server(words[1:] if first == "serve" else words)
    from cli.app import main as run_command

    run_command()
    return None


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
