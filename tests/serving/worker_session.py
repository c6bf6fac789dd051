"""A real worker process for tests, with an event loop in a thread, so that tests read from top to bottom."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

import psutil

from graph.event_document import read_event
from graph.events import Event
from graph.protocol import FromWorker, JobEnded, JobEvents, PreviewImage, Ready, RunJob, ToWorker
from serving.subprocess_worker import SubprocessWorker
from serving.worker_log import WorkerLog
from serving.workers import Died

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0  # a machine that does much else takes its time to import torch
T = TypeVar("T")
Prompt = Mapping[str, Mapping[str, Any]]


class Finished(NamedTuple):
    """What was heard of a job."""

    ended: JobEnded
    events: list[Event]
    previews: list[PreviewImage]


def command(folder: Path, *more: str) -> list[str]:
    """Return what starts a worker on the checkout's models, whose outputs go to a folder."""
    words = ["worker", "--cpu", "--cache-disk", "0", "--nodes-module", "tests.serving.worker_nodes"]
    return [sys.executable, str(ROOT / "main.py"), *words, "--output-directory", str(folder), *more]


def prompt_of(class_type: str, **inputs: Any) -> Prompt:
    """Return a workflow of one node."""
    return {"1": {"class_type": class_type, "inputs": inputs}}


class WorkerSession:
    """A SubprocessWorker and what it told, in order."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        self.log = WorkerLog()
        self.heard: Queue[FromWorker | Died] = Queue()
        self.worker = SubprocessWorker(words, self.log, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._numbers = count()

    def __enter__(self) -> WorkerSession:
        self._thread.start()
        self.do(self.worker.start(self.heard.put))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.do(self.worker.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def ask(self, what: str, arguments: dict[str, Any] | None = None, payload: bytes = b"") -> Any:
        """Ask the worker."""
        return self.do(self.worker.ask(what, arguments, payload))

    def ask_later(self, what: str) -> Future[Any]:
        """Ask the worker and do not wait."""
        return asyncio.run_coroutine_threadsafe(self.worker.ask(what), self._loop)

    def send(self, message: ToWorker) -> None:
        """Send a message."""
        self._loop.call_soon_threadsafe(self.worker.send, message)

    def wait_for(self, kind: type[T], is_it: Callable[[T], bool] = lambda message: True) -> T:
        """Return the next message of a kind; others are passed over."""
        while True:
            message = self.heard.get(timeout=PATIENCE_S)
            if isinstance(message, kind) and is_it(message):
                return message

    def process(self) -> psutil.Process:
        """Return the process that runs now."""
        assert self.worker.pid is not None
        return psutil.Process(self.worker.pid)

    def start_job(self, prompt: Prompt, **extra: Any) -> str:
        """Send a job."""
        job_id = f"job {next(self._numbers)}"
        self.send(RunJob(job_id, extra=extra, payload=json.dumps(prompt).encode()))
        return job_id

    def run(self, prompt: Prompt, **extra: Any) -> Finished:
        """Run a job to its end."""
        return self.finish(self.start_job(prompt, **extra))

    def finish(self, job_id: str) -> Finished:
        """Hear all of a job."""
        events: list[Event] = []
        previews: list[PreviewImage] = []
        while True:
            message = self.heard.get(timeout=PATIENCE_S)
            match message:
                case JobEvents(job_id=of) if of == job_id:
                    events += map(read_event, message.events)
                case PreviewImage():
                    previews.append(message)
                case JobEnded(job_id=of) if of == job_id:
                    return Finished(message, events, previews)
                case Died():
                    raise AssertionError(message.reason)

    def wait_until_ready(self) -> Ready:
        """Wait for a worker."""
        return self.wait_for(Ready)
