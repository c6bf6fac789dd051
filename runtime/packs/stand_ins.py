"""StandIns: what threads that load packs see in place of sys.stdout, sys.stderr and signal.signal.

    stand_ins = StandIns()
    with stand_ins.for_pack("rain") as said:   # in the pack's thread
        print("hello")                         # "[rain] hello" in the log
    said.notes                                 # what did not get through

Other threads see what they saw before. What is written goes on line by line under the pack's name, up to a limit.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO, cast

MOST_LINES = 100  # that a pack may write while it is loaded
MOST_CHARACTERS = 500  # of one line


@dataclass
class Said:
    """What a pack wrote: whole lines go on, those above the limit are counted."""

    name: str
    write_line: Callable[[str], None]
    lines: int = 0
    signals: set[str] = field(default_factory=set)
    _rest: str = ""

    def write(self, text: str) -> None:
        """Take some text."""
        *lines, self._rest = (self._rest[-MOST_CHARACTERS:] + text).split("\n")
        for line in lines:
            self._pass_on(line)

    def _pass_on(self, line: str) -> None:
        self.lines += 1
        if self.lines <= MOST_LINES:
            self.write_line(f"[{self.name}] {line.rstrip()[:MOST_CHARACTERS]}\n")

    def finish(self) -> None:
        """Pass on what has no end."""
        if self._rest.strip():
            self._pass_on(self._rest)
        self._rest = ""

    @property
    def notes(self) -> list[str]:
        """What did not get through, in sentences."""
        found = []
        if self.lines > MOST_LINES:
            found.append(f"It wrote {self.lines:,} lines while it was loaded; the log has the first {MOST_LINES}.")
        if self.signals:
            found.append(f"It wanted to handle {', '.join(sorted(self.signals))}; that is left to Weft.")
        return found


class _Stream:
    """A text stream that knows who writes; everything else is the stream's behind it."""

    def __init__(self, behind: TextIO, speaking: dict[int, Said]) -> None:
        self._behind = behind
        self._speaking = speaking

    def write(self, text: str) -> int:
        said = self._speaking.get(threading.get_ident())
        if said is None:
            return self._behind.write(text)
        said.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


class StandIns:
    """In place while at least one pack is being loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._speaking: dict[int, Said] = {}
        self._before: tuple[Any, Any, Any] | None = None
        self._streams: tuple[Any, Any] | None = None

    @contextmanager
    def for_pack(self, name: str) -> Iterator[Said]:
        """Let this thread speak for a pack."""
        with self._lock:
            if not self._speaking:
                self._step_in()
            assert self._before is not None
            said = self._speaking[threading.get_ident()] = Said(name, self._before[1].write)
        try:
            yield said
        finally:
            said.finish()
            with self._lock:
                del self._speaking[threading.get_ident()]
                if not self._speaking:
                    self._step_back()

    def _step_in(self) -> None:
        self._before = (sys.stdout, sys.stderr, signal.signal)
        self._streams = (_Stream(sys.stdout, self._speaking), _Stream(sys.stderr, self._speaking))
        sys.stdout, sys.stderr = self._streams
        signal.signal = cast("Any", self._signal)

    def _step_back(self) -> None:
        assert self._before is not None
        sys.stdout, sys.stderr, signal.signal = self._before
        self._before = None

    def _signal(self, number: int, handler: Any) -> Any:
        """Be signal.signal: it works in the main thread only, where packs for ComfyUI were loaded."""
        said = self._speaking.get(threading.get_ident())
        if said is None:
            assert self._before is not None
            return self._before[2](number, handler)
        said.signals.add(signal.Signals(number).name)
        return signal.getsignal(number)
