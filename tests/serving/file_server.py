"""A real server with the routes of files on a free loopback port, in a thread, with nothing that computes behind it."""

from __future__ import annotations

import asyncio
import importlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple, cast

from aiohttp import web

from files.folders import Folders
from serving.hub import Hub
from serving.routing import add_routes, collect_routes
from serving.settings import ServeSettings
from serving.site import SITE, Site
from serving.worker_log import WorkerLog
from serving.workers import WorkerError

MODULES = (
    "assets",
    "extensions",
    "files_v1",
    "internal",
    "models",
    "settings",
    "system",
    "upload",
    "userdata",
    "users",
    "view",
)
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


@dataclass
class FakeWorker:
    """Answers `stats`, or says that it cannot."""

    answer: dict[str, Any] | None = None

    async def ask(self, what: str, arguments: dict[str, Any] | None = None, payload: bytes = b"") -> Any:
        """Return the answer that was given."""
        if self.answer is None:
            raise WorkerError(f"There is no worker to answer {what}.")
        return self.answer


@dataclass
class FakeDesk:
    """Knows what the worker said of itself when it was ready."""

    stats: Mapping[str, Any] = field(default_factory=dict)


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
def serving(base: Path, *, worker: FakeWorker | None = None, **choices: Any) -> Iterator[FileServer]:
    """Run a server below a folder. choices: of ServeSettings."""
    loop = asyncio.new_event_loop()
    settings = ServeSettings(worker_command=(), user=base / "user", **choices)
    site = Site(
        settings,
        Folders.below(base),
        nodes=cast(Any, None),
        desk=cast(Any, FakeDesk()),
        hub=Hub(),
        worker=cast(Any, worker or FakeWorker()),
        log=WorkerLog(),
    )
    runner = loop.run_until_complete(_start(site))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield FileServer(site, runner.addresses[0][1], loop)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _start(site: Site) -> web.AppRunner:
    app = web.Application()
    app[SITE] = site
    names = {f"serving.routes.{name}" for name in MODULES}
    for name in names:
        importlib.import_module(name)
    add_routes(app, [each for each in collect_routes() if each.handler.__module__ in names])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner
