"""LineSplitter: lines out of the bytes that a process writes, however they are cut.

splitter = LineSplitter()
splitter.feed(b"one\ntw")  # ["one"]
splitter.feed(b"o\r")      # ["two"]: a carriage return ends a line too, as progress bars write them
"""

from __future__ import annotations

import codecs
import re

_END = re.compile(r"\r\n|\r|\n")
LONGEST = 10_000  # characters that wait for the end of their line


class LineSplitter:
    """Splits one stream."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that are whole now, without empty ones."""
        *lines, self._rest = _END.split(self._rest + self._decoder.decode(data))
        if len(self._rest) > LONGEST:
            lines.append(self._rest)
            self._rest = ""
        return [line for line in lines if line.strip()]

    def rest(self) -> list[str]:
        """Return what was written last, without an end."""
        rest, self._rest = self._rest, ""
        return [rest] if rest.strip() else []
