"""Link: the worker's two pipes to its server, frames of graph.protocol on both.

link = claim_stdio()     # from now on print() goes to standard error, and input() finds nothing
link.send(Ready(pid=1))
for message in link.messages(): ...
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from graph.protocol import Decoder, FromWorker, Message, encode

READ_BYTES = 2**18


@dataclass(frozen=True)
class Link:
    """The descriptors that frames come from and go to."""

    reading: int
    writing: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, *messages: FromWorker) -> None:
        """Write messages, one after the other and nothing between them. Nothing happens if nobody reads any more."""
        self.write(b"".join(map(encode, messages)))

    def write(self, data: bytes) -> None:
        """Write whole frames."""
        view = memoryview(data)
        with self.lock:
            try:
                while view:
                    view = view[os.write(self.writing, view) :]
            except OSError:
                return  # the server is gone; whoever reads `messages` notices

    def messages(self) -> Iterator[Message]:
        """Yield what the server says, until it is gone; ProtocolError if that is no frame."""
        decoder = Decoder()
        while data := os.read(self.reading, READ_BYTES):
            yield from decoder.feed(data)


def claim_stdio() -> Link:
    """Take standard input and output for the link, so that what packs and libraries print does not damage it."""
    sys.stdout.flush()
    link = Link(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (link.reading, link.writing):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return link
