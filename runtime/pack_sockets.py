"""Where node packs' routes are served: Unix sockets in a folder that only this user may enter, or ports of the loopback.

place = SocketFolder()
address = await place.listen(runner)  # "/tmp/weft-routes-4711-x/1.sock", or "127.0.0.1:50123"
place.remove()
"""

from __future__ import annotations

import shutil
import socket
import tempfile
from itertools import count
from pathlib import Path

import psutil
from aiohttp import web

PREFIX = "weft-routes-"
LONGEST = 90  # of a socket's path: some systems take 104 bytes
LOOPBACK = "127.0.0.1"


class SocketFolder:
    """Makes the folder when the first socket is wanted."""

    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self._folder: Path | None = None
        self._numbers = count(1)

    async def listen(self, runner: web.AppRunner) -> str:
        """Let an application answer; return where."""
        path = self._new_path() if hasattr(socket, "AF_UNIX") else None
        if path is not None and len(str(path)) <= LONGEST:
            await web.UnixSite(runner, str(path)).start()
            return str(path)
        await web.TCPSite(runner, LOOPBACK, 0).start()
        return f"{LOOPBACK}:{runner.addresses[0][1]}"

    def remove(self) -> None:
        """Remove what was made."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _new_path(self) -> Path:
        if self._folder is None:
            remove_leftovers()
            self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{self._process_id}-"))
        return self._folder / f"{next(self._numbers)}.sock"


def remove_leftovers() -> None:
    """Remove the folders of processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        process_id = folder.name.removeprefix(PREFIX).partition("-")[0]
        if process_id.isdecimal() and not psutil.pid_exists(int(process_id)):
            shutil.rmtree(folder, ignore_errors=True)
