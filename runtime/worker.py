"""The worker process: jobs come over a link and run here one after the other; the server sees what happens.

    serve(claim_stdio(), builtin_registry, open_studio, Previews(), Lending(settings))  # it ends with its server

One thread reads the link and answers questions at any time, this one runs the jobs, a third sends events, a fourth watches
the files of node packs, which are loaded again between two jobs. When the server is gone, whatever runs, the process ends.
"""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import gc
import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

import torch

from graph.errors import Cancelled
from graph.execute import RunResult
from graph.formats import from_api, parse
from graph.protocol import FreeMemory, JobEnded, LoadingPacks, Packs, Ready, RunJob, Specs
from graph.registry import Registry
from graph.spec_document import write_registry
from runtime.engine import Studio
from runtime.lookahead import NextJob
from runtime.pack_surroundings import Lending, PackSurroundings
from runtime.packs import Shelf
from runtime.packs.opening import open_shelf
from runtime.packs.telling import changed_lines, lines_of, packs_document
from runtime.packs.watching import stamps_of, watch
from runtime.worker_errors import error_document
from runtime.worker_events import PREVIEW_SIDE, EventSender
from runtime.worker_inbox import Inbox, RefreshPacks, Work
from runtime.worker_link import Link
from runtime.worker_questions import answer, stats

logger = logging.getLogger(__name__)

FAREWELL_S = 1.0  # the most that results on their way to the disk may hold the process up
IDLE_S = 0.2  # without a job before the next import begins, which takes up to 2 s
NO_PREVIEW = "none"  # ComfyUI's word
NODE_ENDS = (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError)  # what code of a pack may raise
WARM_UP = (  # what the first job with a model wants, imported while there is none: 4 s in all (2 cores, 2026-11); not in a
    # thread, as jobs import too, and diffusers cannot be imported by two threads at once
    "transformers",
    "diffusers",
    "transformers.modeling_utils",
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.models.autoencoders.autoencoder_kl",
    "transformers.models.clip.modeling_clip",
)
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class Previews(NamedTuple):
    """What is sent of work in progress to clients that do not say otherwise."""

    are_wanted: bool = True
    side: int = PREVIEW_SIDE


def serve(
    link: Link,
    load_nodes: Callable[[], Registry],
    open_studio: Callable[[Registry], Studio],
    previews: Previews,
    lending: Lending,
) -> NoReturn:
    """Work until the server is gone. The device is opened before packs are loaded, since some ask for it."""
    studios: list[Studio] = []
    inbox = Inbox(link, on_gone=lambda: end_process(studios, around.close))
    around = PackSurroundings(link, inbox, lending)
    live_no_longer_than_parent()
    faulthandler.enable(all_threads=False)  # the log says where, if C code of a library or a pack ends the process
    inbox.start()
    studio = open_studio(load_nodes())
    studios.append(studio)
    shelf = open_shelf(
        studio,
        lending.settings,
        lend=lambda registry: around.lend(studio, registry, lambda: worker.interrupt()),
        on_loading=lambda names: link.send(LoadingPacks(names)),
        on_news=lambda: inbox.put(RefreshPacks()),
    )
    worker = Worker(studio, inbox, link, shelf, previews, around)
    before = stamps_of(shelf.roots)
    worker.load_packs()
    link.send(Ready(os.getpid(), stats(studio)))
    if lending.settings.packs.watches:
        watch(shelf, before)
    for module in WARM_UP:
        worker.work_until_idle()
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # 600,000 objects of libraries, through which each full collection would go: 40 ms in place of 470
    while True:
        worker.do(inbox.take())


class Worker:
    """Runs jobs in the engine of one process."""

    def __init__(
        self, studio: Studio, inbox: Inbox, link: Link, shelf: Shelf, previews: Previews, around: PackSurroundings
    ) -> None:
        self._inbox = inbox
        self._link = link
        self._shelf = shelf
        self._around = around
        self._running: str | None = None
        self._sender = EventSender(link, preview_side=previews.side)
        self._previews = previews.are_wanted
        self._loop = asyncio.new_event_loop()
        self._adopt(studio)

    def _adopt(self, studio: Studio) -> None:
        """Work with this studio from the next job on."""
        self._studio = studio
        self._next = NextJob(studio)
        studio.memory.outlook.look_ahead(self._next)
        self._inbox.expect = self._next.expect
        self._inbox.answer = partial(answer, studio)

    def load_packs(self) -> None:
        """Load the packs that there are."""
        self._shelf.load()
        self._adopt_packs(lines_of(self._shelf.reports()))

    def _refresh_packs(self) -> None:
        before = self._shelf.reports()
        if self._shelf.refresh():
            self._adopt_packs(changed_lines(before, self._shelf.reports()))

    def _adopt_packs(self, lines: Sequence[str]) -> None:
        """Work with the node types that there are now, and tell the server and the terminal."""
        shelf = self._shelf
        self._adopt(self._studio.with_registry(shelf.registry, shelf.digests))
        self._around.settle()
        self._link.send(Specs(write_registry(shelf.registry)), Packs(packs_document(shelf)))
        for line in lines:
            print(line, file=sys.stderr, flush=True)

    def work_until_idle(self) -> None:
        """Do what there is to do, until there is nothing for a moment and no pack is being imported."""
        while (work := self._inbox.take_within(IDLE_S)) is not None or self._shelf.is_loading:
            if work is not None:
                self.do(work)

    def do(self, work: Work) -> None:
        """Run a job and tell its end, let go of memory, or look after packs."""
        match work:
            case FreeMemory():
                self.free(work)
            case RefreshPacks():
                self._refresh_packs()
            case RunJob():
                self.run(work)

    def run(self, work: RunJob) -> None:
        """Run a job and tell its end."""
        self._next.begin(work.job_id)
        self._running = work.job_id
        self._sender.begin(work.job_id, wants_previews=self._wants_previews(work.extra))
        ended = self._run(work)
        self._running = None
        self._inbox.done(work.job_id)
        self._around.tell_places()
        self._sender.end(ended)

    def interrupt(self) -> None:
        """End the job that runs, as a user would; for any thread."""
        if self._running is not None:
            self._inbox.cancel(self._running)

    def free(self, wanted: FreeMemory) -> None:
        """Let go of what is not needed to go on."""
        if wanted.results:
            self._studio.engine.cache.clear()
            self._studio.engine.states.clear()
        if wanted.models:
            self._studio.memory.evict_all()
            self._studio.host.forget()
        gc.collect()
        if self._studio.device.torch_device.type == "cuda":
            torch.cuda.empty_cache()

    def _run(self, job: RunJob) -> JobEnded:
        start = time.perf_counter()

        def ended(status: str, error: Mapping[str, Any] | None = None, result: RunResult | None = None) -> JobEnded:
            ui = self._sender.ui if result is None else result.ui
            return JobEnded(job.job_id, status, ui, error, time.perf_counter() - start)

        try:
            return ended("done", result=self._loop.run_until_complete(self._carry_out(job)))
        except Cancelled:
            return ended("cancelled")
        except NODE_ENDS as error:
            if not isinstance(error, Exception):
                self._loop = asyncio.new_event_loop()  # it left the old one in the middle of a step
            told = error_document(error)
            logger.error("%s\n%s", told["message"], "".join(told["traceback"]).rstrip())
            if told["kind"] == "memory":
                self._studio.memory.evict_all()
            return ended("failed", told)

    async def _carry_out(self, job: RunJob) -> RunResult:
        prompt = parse(job.payload)
        return await self._studio.engine.run_async(
            from_api(prompt),
            outputs=job.outputs,
            emit=self._sender,
            cancelled=partial(self._inbox.is_cancelled, job.job_id),
            prompt=prompt,
            extra={**job.extra, "prompt_id": job.job_id},
        )

    def _wants_previews(self, extra: Mapping[str, Any]) -> bool:
        """Return whether pictures of work in progress are of use: said with the job, else by the settings."""
        method = extra.get("preview_method")
        return self._previews if method in (None, "default") else method != NO_PREVIEW


def end_process(studios: Sequence[Studio], clean: Callable[[], None]) -> NoReturn:
    """End at once, whatever runs; results that are on their way to the disk get a moment."""
    clean()
    stores = [studio.store for studio in studios if studio.store is not None]
    for store in stores:
        writing = threading.Thread(target=store.flush, daemon=True)
        writing.start()
        writing.join(FAREWELL_S)
    os._exit(0)


def live_no_longer_than_parent() -> None:
    """Leave Ctrl-C to the server, and end with it (on Linux the kernel sees to that, even in the middle of a C call)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL)
