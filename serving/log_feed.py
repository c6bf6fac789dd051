"""LogFeed: sends the worker's lines to the clients that asked for them, the lines of a moment in one message."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.hub import Hub
    from serving.worker_log import LogEntry, WorkerLog

DELAY_S = 0.05
MAX_CLIENTS = 256
MAX_WAITING = 1000  # lines; older ones are dropped, they stand in the log


def terminal_size() -> dict[str, int]:
    """Return the width and height that the log is shown in, as ComfyUI's front end wants them."""
    size = shutil.get_terminal_size()
    return {"cols": size.columns, "rows": size.lines}


def entry_of(line: LogEntry) -> dict[str, str]:
    """Return a line as ComfyUI's front end writes it into its terminal: with an end."""
    return {"t": line["t"], "m": f"{line['m']}\n"}


class LogFeed:
    """Who hears the log. It begins to listen with the first client."""

    def __init__(self) -> None:
        self._clients: dict[str, None] = {}
        self._waiting: deque[dict[str, str]] = deque(maxlen=MAX_WAITING)
        self._is_listening = False

    def add(self, client_id: str, log: WorkerLog, hub: Hub) -> None:
        """Let a client hear what is written from now on; the oldest goes if there are too many."""
        self._clients[client_id] = None
        if len(self._clients) > MAX_CLIENTS:
            self.remove(next(iter(self._clients)))
        if not self._is_listening:
            self._is_listening = True
            log.listen(lambda line: self._take(line, hub))

    def remove(self, client_id: str) -> None:
        """Let a client hear nothing more."""
        self._clients.pop(client_id, None)

    def _take(self, line: LogEntry, hub: Hub) -> None:
        if not self._clients:
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(DELAY_S, self._send, hub)
        self._waiting.append(entry_of(line))

    def _send(self, hub: Hub) -> None:
        data = {"entries": list(self._waiting), "size": None}
        self._waiting.clear()
        for client_id in list(self._clients):
            if hub.audience(client_id):
                hub.send("logs", data, client_id)
            else:
                self.remove(client_id)
