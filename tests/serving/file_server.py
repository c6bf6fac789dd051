"""A real server on a free loopback port, in a thread, with nothing that computes behind it, and a client of it."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from files.folders import Folders
from serving.app import make_app, open_site
from serving.settings import ServeSettings
from serving.site import Site
from serving.workers import WorkerError
from tests.serving.scripted_worker import ScriptedWorker

BOUNDARY = "weft-test-boundary"


class Answer(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class StatsWorker(ScriptedWorker):
    """Answers `stats`, or says that it cannot."""

    def __init__(self, stats: dict[str, Any] | None) -> None:
        super().__init__()
        self._stats = stats

    async def ask(self, what: str, arguments: dict[str, Any] | None = None, payload: bytes = b"") -> Any:
        """Return what was given."""
        if what != "stats" or self._stats is None:
            raise WorkerError(f"There is no answer to {what}.")
        return self._stats


@dataclass
class FileServer:
    """A server that runs, and a client of it."""

    site: Site
    port: int
    loop: asyncio.AbstractEventLoop

    @property
    def folders(self) -> Folders:
        """Where files lie."""
        return self.site.folders

    @property
    def worker(self) -> ScriptedWorker:
        """What stands in for the worker."""
        worker = self.site.worker
        assert isinstance(worker, ScriptedWorker)
        return worker

    @property
    def user(self) -> Path:
        """The folder of the one user."""
        return self.site.settings.user / "default"

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        """Send a request as it is, without normalising its path. Header names have "_" for "-"."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        data = body.encode() if isinstance(body, str) else body
        try:
            connection.putrequest(method, path)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            if data is not None and "Content_Length" not in headers:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        """Send a GET."""
        return self.ask("GET", path, **headers)

    def upload(self, name: str, data: bytes, route: str = "/upload/image", **fields: str) -> Answer:
        """Send a form as browsers do: the file first, then its fields."""
        return self.ask(
            "POST", route, form(name, data, fields), Content_Type=f"multipart/form-data; boundary={BOUNDARY}"
        )

    def call(self, work: Callable[[], Any]) -> None:
        """Do something in the server's loop and wait until it is done."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (work(), done.set()))
        assert done.wait(10)


def form(name: str, data: bytes, fields: Mapping[str, str]) -> bytes:
    """Return a multipart form."""
    quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")  # as browsers write names
    parts = [f'name="image"; filename="{quoted}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode() + data]
    parts += [f'name="{key}"\r\n\r\n{value}'.encode() for key, value in fields.items()]
    start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return b"".join(start + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


@contextmanager
def serving(base: Path, stats: dict[str, Any] | None = None, **choices: Any) -> Iterator[FileServer]:
    """Run a server below a folder. stats: what its worker answers; choices: of ServeSettings."""
    settings = ServeSettings(worker_command=(), user=base / "user", **choices)
    started: queue.SimpleQueue[tuple[Site, int, asyncio.AbstractEventLoop, asyncio.Event]] = queue.SimpleQueue()

    async def run() -> None:
        async with open_site(settings, Folders.below(base), lambda log: StatsWorker(stats)) as site:
            runner = web.AppRunner(make_app(site), access_log=None, shutdown_timeout=1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            stopped = asyncio.Event()
            started.put((site, runner.addresses[0][1], asyncio.get_running_loop(), stopped))
            await stopped.wait()
            await runner.cleanup()

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(asyncio.run, run())
        site, port, loop, stopped = started.get(timeout=30)
        try:
            yield FileServer(site, port, loop)
        finally:
            loop.call_soon_threadsafe(stopped.set)
            ended.result(30)
