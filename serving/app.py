"""The server as a whole: opens what it works with, answers requests, and closes it all again.

    exit_code = run_server(settings, folders)

`open_site` is the same without a port, for tests and for other hosts.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from aiohttp import web

from files.folders import Folders
from serving.desk import Desk
from serving.features import server_features
from serving.front_end import add_front_end
from serving.hub import Hub
from serving.metrics import METRICS, Metrics, read_figures
from serving.node_book import NodeBook
from serving.queue_store import QueueStore, StoreError
from serving.routing import add_routes, collect_routes
from serving.settings import ServeSettings
from serving.site import SITE, Site
from serving.spec_cache import SpecCache, fingerprint, own_sources
from serving.subprocess_worker import SubprocessWorker
from serving.worker_log import WorkerLog
from serving.workers import Worker

MOST_BODY_BYTES = 64 * 2**20  # of a JSON body; uploads have their own limit
QUEUE_FILE = "queue.sqlite"
SHUTDOWN_S = 5.0  # for requests that are being answered
GREETING = "To see the GUI go to: {url}"  # launchers wait for these words
INVALID = 2


def make_app(site: Site) -> web.Application:
    """Return the application that answers for a site."""
    app = web.Application(client_max_size=MOST_BODY_BYTES, middlewares=[site.metrics.measure])
    app[SITE] = site
    app[METRICS] = site.metrics
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
    worker = _subprocess(settings, log) if make_worker is None else make_worker(log)
    metrics = Metrics()
    book = NodeBook(folders, SpecCache(settings.user / "cache", fingerprint(own_sources(folders.base))))
    desks: list[Desk] = []  # the hub asks the desk, which is made with the hub
    hub = Hub(
        server_features(settings),
        queue_remaining=lambda: len(desks[0].queue),
        current=lambda client_id: desks[0].current(client_id),
    )
    desk = Desk(store, worker, hub, on_specs=book.update, on_finish=metrics.job_over, on_message=metrics.hear)
    desks.append(desk)
    site = Site(settings, folders, book, desk, hub, worker, log, metrics)
    metrics.watch(lambda: read_figures(site))
    try:
        await worker.start(desk.hear)
        yield site
    finally:
        await hub.close()
        await worker.stop()
        store.close()


def _subprocess(settings: ServeSettings, log: WorkerLog) -> Worker:
    """Return a worker of this machine; what it writes goes on to our own stderr."""
    return SubprocessWorker(settings.worker_command, log, echo=partial(print, file=sys.stderr, flush=True))


async def serve(settings: ServeSettings, folders: Folders) -> None:
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
                await web.TCPSite(runner, address, settings.port).start()
            for address in runner.addresses:
                print(GREETING.format(url=_url(*address[:2])), flush=True)
            await stopped.wait()
        finally:
            await runner.cleanup()


def run_server(settings: ServeSettings, folders: Folders) -> int:
    """Serve until the process is told to end; return the exit code."""
    try:
        asyncio.run(serve(settings, folders))
    except StoreError as error:
        print(error, file=sys.stderr)
        return INVALID
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        listen = ", ".join(settings.listen)
        print(
            f"Port {settings.port} of {listen} cannot be used: {error.strerror}. Choose another by --port.",
            file=sys.stderr,
        )
        return INVALID
    return 0


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
