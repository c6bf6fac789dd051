"""The server as a whole: opens what it works with, answers requests, and closes it all again.

    sys.exit(run_server(settings, folders))

`open_site` is the same without a port, for tests and for other hosts.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiohttp import web

from files.folders import Folders
from serving.desk import Desk
from serving.features import server_features
from serving.front_end import add_front_end
from serving.hub import Hub
from serving.node_book import NodeBook
from serving.queue_store import QueueStore
from serving.routing import add_routes, collect_routes
from serving.settings import ServeSettings
from serving.site import SITE, Site
from serving.subprocess_worker import SubprocessWorker
from serving.worker_log import WorkerLog
from serving.workers import Worker

QUEUE_FILE = "queue.sqlite"
SHUTDOWN_S = 5.0  # for requests that are being answered
Announce = Callable[[str, int], None]


def make_app(site: Site) -> web.Application:
    """Return the application that answers for a site."""
    app = web.Application(client_max_size=site.settings.max_body_bytes)
    app[SITE] = site
    add_routes(app, collect_routes())
    add_front_end(app, site.settings)
    return app


@asynccontextmanager
async def open_site(
    settings: ServeSettings, folders: Folders, make_worker: Callable[[WorkerLog], Worker] | None = None
) -> AsyncIterator[Site]:
    """Open the queue, start a worker, and end both again. make_worker: in place of a subprocess."""
    store = QueueStore.open(settings.user / QUEUE_FILE)
    log = WorkerLog()
    worker = SubprocessWorker(settings.worker_command, log) if make_worker is None else make_worker(log)
    book = NodeBook(folders, settings.user)
    desks: list[Desk] = []  # the hub asks the desk, which is made with the hub
    hub = Hub(
        server_features(settings),
        queue_remaining=lambda: len(desks[0].queue),
        current=lambda client_id: desks[0].current(client_id),
    )
    desk = Desk(store, worker, hub, on_specs=book.update)
    desks.append(desk)
    try:
        await worker.start(desk.hear)
        yield Site(settings, folders, book, desk, hub, worker, log)
    finally:
        await hub.close()
        await worker.stop()
        store.close()


async def serve(settings: ServeSettings, folders: Folders, announce: Announce) -> None:
    """Answer requests until SIGINT or SIGTERM comes. OSError if a port is taken."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends asyncio.run
            loop.add_signal_handler(number, stopped.set)
    async with open_site(settings, folders) as site:
        runner = web.AppRunner(make_app(site), access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        try:
            for address in settings.listen:
                tcp = web.TCPSite(runner, address, settings.port, ssl_context=settings.tls)
                await tcp.start()
            for host, port in _addresses(runner):
                announce(host, port)
            await stopped.wait()
        finally:
            await runner.cleanup()


def run_server(settings: ServeSettings, folders: Folders, announce: Announce = lambda host, port: None) -> None:
    """Serve until the process is told to end."""
    asyncio.run(serve(settings, folders, announce))


def _addresses(runner: web.AppRunner) -> list[tuple[str, int]]:
    return [(address[0], address[1]) for address in runner.addresses]


def describe_state(site: Site) -> Mapping[str, Any]:
    """Return how a site is, in a few words."""
    return {
        "worker": site.worker.state.value,
        "queue_remaining": len(site.desk.queue),
        "paused": site.desk.queue.is_paused,
    }
