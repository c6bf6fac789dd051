"""The server as a whole: opens what it works with, answers requests, and closes it all again.

    exit_code = run_server(settings, folders)

`open_site` is the same without a port, for tests and for other hosts.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

from aiohttp import web

from files.folders import Folders
from files.packs import find_packs
from graph.protocol import ModelPlaces
from serving.access import settle_access
from serving.announcement import announce
from serving.desk import Desk
from serving.errors import StartError
from serving.features import server_features
from serving.file_store import remove_leftovers
from serving.front_end import add_front_end
from serving.hub import Hub
from serving.launch import launch_words
from serving.listening import bind, listening
from serving.metrics import METRICS, Metrics, read_figures
from serving.middleware import guard
from serving.model_places import read_places
from serving.node_book import NodeBook
from serving.pack_book import PACKS, PackBook
from serving.pack_proxy import PackProxy
from serving.pack_questions import PackQuestions
from serving.queue_store import QueueStore, StoreError
from serving.quick_test import comes_up
from serving.routing import add_routes, collect_routes
from serving.settings import ServeSettings
from serving.site import SITE, Site
from serving.spec_cache import SpecCache, fingerprint, own_sources
from serving.subprocess_worker import SubprocessWorker
from serving.tls import tls_context
from serving.token_file import Known
from serving.type_changes import EVENT as TYPES_CHANGED
from serving.user_files import prepare_user_folder, user_root
from serving.worker_log import WorkerLog, also_in
from serving.workers import Died, Worker

MOST_BODY_BYTES = 64 * 2**20  # of a JSON body; uploads have their own limit
QUEUE_FILE = "queue.sqlite"
MOST_NEW_OBJECTS = 50_000
QUIET_S = 0.2  # after the start
INVALID = 2
FAILED = 1


def make_app(site: Site, known: Known | None = None) -> web.Application:
    """Return the application that answers for a site. known: the token that it asks for, if it does."""
    app = web.Application(client_max_size=MOST_BODY_BYTES, middlewares=[site.metrics.measure])
    app[SITE] = site
    app[METRICS] = site.metrics
    guard(app, site.settings, known)
    routes = collect_routes()
    add_routes(app, routes)
    site.pack_proxy.know_own(routes)
    app.middlewares.append(site.pack_proxy.middleware)
    add_front_end(app, site.settings)
    app.on_shutdown.append(_hang_up)
    return app


async def _hang_up(app: web.Application) -> None:
    """Close sockets and event streams: they would last until the shutdown's time is over."""
    await app[SITE].hub.close()


@asynccontextmanager
async def open_site(
    settings: ServeSettings,
    folders: Folders,
    make_worker: Callable[[WorkerLog], Worker] | None = None,
    port: int | None = None,
) -> AsyncIterator[Site]:
    """Open the queue, start a worker, and end both again. make_worker: in place of a subprocess; port: that was taken."""
    store = QueueStore.open(settings.user / QUEUE_FILE)
    prepare_user_folder(settings)
    for folder in (folders.input, user_root(settings)):
        remove_leftovers(folder, time.time())
    log = WorkerLog()
    packs = PackBook(folders, tell=lambda event, data: hub.send(event, data))
    proxy = PackProxy(settings.max_upload_bytes, may_have_packs=lambda: any(find_packs(folders.model_roots(PACKS))))
    words = launch_words(settings, folders, port)
    worker = _subprocess(settings, log, packs, words) if make_worker is None else make_worker(log)
    metrics = Metrics()
    sources = own_sources(folders.model_roots(PACKS))
    book = NodeBook(folders, SpecCache(settings.user / "cache", fingerprint(sources, settings.worker_command)))
    desks: list[Desk] = []  # the hub asks the desk, which is made with the hub
    hub = Hub(
        server_features(settings),
        queue_remaining=lambda: len(desks[0].queue),
        current=lambda client_id: desks[0].current(client_id),
    )

    def hear(message: object) -> None:
        metrics.hear(message)
        packs.hear(message, is_job_running=desk.queue.running is not None)
        proxy.hear(message)
        questions.hear(message)
        if isinstance(message, ModelPlaces):
            folders.change_places(read_places(message.payload))
        if isinstance(message, Died):
            book.note_trouble(message.reason)

    def take_types(payload: bytes) -> None:
        if any((changes := book.update(payload)).values()):
            hub.send(TYPES_CHANGED, changes)

    desk = Desk(store, worker, hub, on_specs=take_types, on_finish=metrics.job_over, on_message=hear)
    desks.append(desk)
    site = Site(settings, folders, book, desk, hub, worker, log, metrics, packs, proxy)
    questions = PackQuestions(site)
    metrics.watch(lambda: read_figures(site))
    try:
        with also_in(log):
            await worker.start(desk.hear)
            yield site
    finally:
        await hub.close()
        await worker.stop()
        await questions.close()
        await proxy.close()
        store.close()


def _subprocess(settings: ServeSettings, log: WorkerLog, packs: PackBook, words: Sequence[str]) -> Worker:
    """Return a worker of this machine; what it writes goes on to our own stderr."""
    echo = partial(print, file=sys.stderr, flush=True)
    return SubprocessWorker(settings.worker_command, log, echo=echo, more_words=lambda: (*words, *packs.words))


async def serve(settings: ServeSettings, folders: Folders, sockets: Sequence[socket.socket]) -> int:
    """Answer requests at these sockets until SIGINT or SIGTERM comes; return the exit code."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C ends asyncio.run
            loop.add_signal_handler(number, stopped.set)
    known = settle_access(settings)
    tls = tls_context(settings.tls_certfile, settings.tls_keyfile)
    async with open_site(settings, folders, port=sockets[0].getsockname()[1]) as site:
        app = make_app(site, known)
        async with listening(app, sockets, tls) as urls:
            announce(urls, settings, known)
            settle_heap()
            loop.call_later(QUIET_S, prepare, site)
            if settings.is_quick_test:
                return 0 if await comes_up(site.worker, stopped) else FAILED
            await stopped.wait()
    return 0


def run_server(settings: ServeSettings, folders: Folders) -> int:
    """Serve until the process is told to end; return the exit code, 2 if it cannot start."""
    try:
        with bind(settings) as sockets:
            return asyncio.run(serve(settings, folders, sockets))
    except (StartError, StoreError) as error:
        print(error, file=sys.stderr)
        return INVALID


def prepare(site: Site) -> None:
    """Read the node types of the last start while nobody waits, before the first editor asks for them."""
    site.nodes.remember()
    settle_heap()


def settle_heap() -> None:
    """Spare the collector of garbage what was made at the start, and let it look less often.

    A prompt of 5,000 nodes is some 30,000 objects, all alive, which Python's 700 would have it look through again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(MOST_NEW_OBJECTS, 20, 20)
