"""Inbox: the thread that hears the server, at any time: cancel and questions at once, jobs in order.

inbox = Inbox(link, on_gone=end_process)
inbox.start()
inbox.take()                  # the next RunJob or FreeMemory; waits for it
inbox.put(RefreshPacks())     # something to do between jobs
inbox.is_cancelled("5f0c")    # whether the server wants that job to end
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from graph.protocol import Answer, Ask, CancelJob, ExpectJob, FreeMemory, Message, RunJob
from runtime.worker_link import Link

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshPacks:
    """Look after node packs whose files changed."""


Work = RunJob | FreeMemory | RefreshPacks


def not_ready(ask: Ask) -> Answer:
    """Return the answer of a worker that is still starting."""
    return Answer(ask.request_id, error="The worker is still starting; ask again when it is ready.")


class Inbox:
    """What the server said and is not done yet."""

    def __init__(self, link: Link, on_gone: Callable[[], None]) -> None:
        self.answer: Callable[[Ask], Answer] = not_ready
        self.expect: Callable[[ExpectJob], None] = lambda job: None
        self._link = link
        self._on_gone = on_gone
        self._work: SimpleQueue[Work] = SimpleQueue()
        self._jobs: set[str] = set()  # that wait or run
        self._running: str | None = None
        self._cancelled: set[str] = set()

    def start(self) -> None:
        """Begin to hear."""
        threading.Thread(target=self._hear, name="inbox", daemon=True).start()

    def put(self, work: Work) -> None:
        """Add something to do, behind what waits."""
        self._work.put(work)

    def take(self) -> Work:
        """Return the next thing to do; wait for it."""
        return self._work.get()

    def take_within(self, seconds: float) -> Work | None:
        """Return the next thing to do; None if there is none in time."""
        try:
            return self._work.get(timeout=seconds)
        except Empty:
            return None

    def is_cancelled(self, job_id: str) -> bool:
        """Return whether a job is to end."""
        return job_id in self._cancelled

    def begin(self, job_id: str) -> None:
        """Take note of the job that runs now."""
        self._running = job_id

    def cancel_running(self) -> None:
        """Cancel the job that runs, as a node pack may ask; nothing happens if none does."""
        if (running := self._running) is not None:
            self._cancelled.add(running)

    def done(self, job_id: str) -> None:
        """Forget a job that ended."""
        self._running = None
        self._jobs.discard(job_id)
        self._cancelled.discard(job_id)

    def _hear(self) -> None:
        try:
            for message in self._link.messages():
                self._sort(message)
        except Exception:
            logger.exception("The link to the server broke")
        finally:
            self._on_gone()

    def _sort(self, message: Message) -> None:
        match message:
            case RunJob():
                self._jobs.add(message.job_id)
                self._work.put(message)
            case FreeMemory():
                self._work.put(message)
            case CancelJob() if message.job_id in self._jobs:
                self._cancelled.add(message.job_id)
            case ExpectJob():
                self.expect(message)
            case Ask():
                self._link.send(self.answer(message))
