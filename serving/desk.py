"""Desk: takes jobs in, sees them through, and keeps the books.

    desk = Desk(store, worker, hub, Clock())
    worker.start(desk.hear)
    job = desk.submit(Submission(prompt=b"{...}", outputs=("9",)))

The queue (serving.queue) decides, the store writes down, the worker computes, the hub tells. All in the server's loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from graph.event_document import read_event
from graph.protocol import (
    Answer,
    CancelJob,
    ExpectJob,
    FreeMemory,
    FromWorker,
    JobEnded,
    JobEvents,
    PreviewImage,
    Ready,
    RunJob,
    Said,
    Specs,
)
from serving.hub import Hub, queue_status
from serving.job_messages import JobMessages
from serving.jobs import Job, JobState, Outcome
from serving.queue import Drop, Expect, Fail, Instruction, Interrupt, Queue, Requeue, Start
from serving.queue_store import Documents, QueueStore, StoreError
from serving.workers import Died, Worker

logger = logging.getLogger(__name__)

MOST_RESTARTS = 3  # of servers that a job may see end while it runs: it may be what ends them
SECRETS = ("auth_token_comfy_org", "api_key_comfy_org")  # of extra_data; never written down nor shown


@dataclass(frozen=True)
class Submission:
    """What a client asks for. prompt: an API document; extra: what nodes may read (`extra_pnginfo` …)."""

    prompt: bytes
    outputs: tuple[str, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)
    job_id: str | None = None
    number: float | None = None
    front: bool = False
    priority: int = 0
    client_id: str | None = None
    labels: tuple[str, ...] = ()
    node_count: int = 0


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Desk:
    """The jobs of a running server."""

    def __init__(
        self,
        store: QueueStore,
        worker: Worker,
        hub: Hub,
        *,
        on_specs: Callable[[bytes], None] = lambda payload: None,
        on_finish: Callable[[Outcome], None] = lambda outcome: None,
        on_message: Callable[[object], None] = lambda message: None,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.store = store
        self.stats: Mapping[str, Any] = {}  # of the worker: devices and versions
        self._worker = worker
        self._hub = hub
        self._on_specs = on_specs
        self._on_finish = on_finish
        self._on_message = on_message
        self._clock = clock
        self._secrets: dict[str, Mapping[str, Any]] = {}
        self._at_hand: tuple[str, Documents] | None = None  # the texts of the job that came last
        self._messages: JobMessages | None = None
        self._order = store.last_order()
        self._queue = Queue(self._left_over(), is_paused=store.note("paused") == "yes")

    @property
    def queue(self) -> Queue:
        """What waits and what runs; to be looked at only."""
        return self._queue

    @property
    def next_order(self) -> int:
        """How manieth the next job will be."""
        return self._order + 1

    def submit(self, asked: Submission) -> Job:
        """Take a job in and write it down. ValueError for an id that is known, StoreError if the disk is full."""
        job_id = asked.job_id or str(uuid.uuid4())
        if self._queue.find(job_id) is not None:
            raise ValueError(f"A job {job_id} is in the queue already; leave prompt_id out, or give another.")
        self._order += 1
        secrets = {name: asked.extra[name] for name in SECRETS if name in asked.extra}
        extra = {name: value for name, value in asked.extra.items() if name not in secrets}
        extra.setdefault("create_time", self._clock())
        job = Job(
            job_id,
            order=self._order,
            number=self._number(asked),
            created_ms=self._clock(),
            outputs=asked.outputs,
            priority=asked.priority,
            client_id=asked.client_id,
            labels=asked.labels,
            workflow_id=_workflow_id(extra),
            node_count=asked.node_count,
        )
        documents = Documents(asked.prompt, msgspec.json.encode(extra))
        self.store.add(job, documents)
        self._at_hand = (job_id, documents)
        if secrets:
            self._secrets[job_id] = secrets
        instructions = self._queue.submit(job)
        if not any(isinstance(each, Start) for each in instructions):  # which tells the same
            self._tell_status()
        self._carry_out(instructions)
        return job

    def cancel(self, job_ids: Iterable[str]) -> list[str]:
        """Interrupt or drop jobs; return the ids of those that were not over."""
        instructions = self._queue.cancel(job_ids)
        self._carry_out(instructions)
        dropped = [each.job.id for each in instructions if isinstance(each, Drop)]
        return dropped + [each.job_id for each in instructions if isinstance(each, Interrupt)]

    def pause(self) -> None:
        """Start no job any more, not after a restart either."""
        self._queue.pause()
        self.store.note("paused", "yes")
        self._tell_status()

    def resume(self) -> None:
        """Start jobs again."""
        self.store.note("paused", "no")
        self._carry_out(self._queue.resume())
        self._tell_status()

    def change(self, job_id: str, *, priority: int | None = None, labels: tuple[str, ...] | None = None) -> Job:
        """Change a job that waits; KeyError if it does not."""
        job = self._queue.change(job_id, priority=priority, labels=labels)
        self.store.change([job])
        self._tell_status()
        return job

    def move(self, job_id: str, place: int) -> None:
        """Put a waiting job at a place, 0 is next; KeyError if it does not wait."""
        self.store.change(self._queue.move(job_id, place))
        self._tell_status()

    def free(self, *, models: bool, results: bool) -> None:
        """Ask the worker to let go of memory."""
        self._worker.send(FreeMemory(models, results))

    def current(self, client_id: str) -> Mapping[str, Any] | None:
        """Return the data of `executing` for a client whose job runs, so that one that comes back sees it."""
        running = self._queue.running
        return self.current_of(running.id) if running is not None and running.client_id == client_id else None

    def current_of(self, job_id: str) -> Mapping[str, Any] | None:
        """Return the data of `executing` for the node of a job that runs now."""
        return self._messages.current if self._messages is not None and self._is_running(job_id) else None

    def documents(self, job_id: str) -> Documents:
        """Return the texts of a job. KeyError if there is no such job."""
        found = self.store.documents(job_id)
        if found is None:
            raise KeyError(job_id)
        return found

    def hear(self, message: FromWorker | Died) -> None:
        """Take what the worker says (serving.workers.Listener)."""
        self._on_message(message)
        match message:
            case JobEvents():
                self._hear_events(message)
            case PreviewImage():
                if self._is_running(message.job_id) and self._messages is not None:
                    self._messages.preview(message)
            case JobEnded():
                self._hear_end(message)
            case Ready():
                self.stats = message.stats
                self._carry_out(self._queue.worker_ready())
            case Specs():
                self._on_specs(message.payload)
            case Said():
                self._pass_on(message)
            case Died():
                logger.error("%s", message.reason)
                self._carry_out(self._queue.worker_died(message.reason))
            case Answer():
                pass  # the worker's own affair

    def _hear_events(self, message: JobEvents) -> None:
        if self._is_running(message.job_id) and self._messages is not None:
            self._queue.began(message.job_id)
            for document in message.events:
                self._messages.tell(read_event(document))

    def _hear_end(self, message: JobEnded) -> None:
        """Write the outcome down and tell how many jobs are left before clients hear that the job is over."""
        if not self._is_running(message.job_id) or self._messages is None:
            return
        next_ones: list[Instruction] = []

        def leave(outcome: Outcome) -> None:
            self._finish(message.job_id, outcome)
            next_ones.extend(self._queue.ended(message.job_id))
            self._tell_status()

        self._messages.end(message, leave)
        self._carry_out(next_ones)

    def _pass_on(self, message: Said) -> None:
        if message.payload:
            self._hub.send_binary(message.payload, message.client_id)
        else:
            self._hub.send(message.event, message.data, message.client_id)

    def _carry_out(self, instructions: Sequence[Instruction]) -> None:
        for each in instructions:
            match each:
                case Start(job):
                    self._start(job)
                case Interrupt(job_id):
                    self._worker.send(CancelJob(job_id))
                case Requeue(job):
                    self._write(partial(self.store.wait_again, job))
                case Fail(job, reason):
                    self._fail(job.id, reason)
                case Expect(job):
                    self._worker.send(ExpectJob(job.id, job.outputs, payload=self.documents(job.id).prompt))
                case Drop(job):
                    self._finish(job.id, Outcome(JobState.CANCELLED, ended_ms=self._clock()))
                    self._hub.record("execution_interrupted", {"prompt_id": job.id, "timestamp": self._clock()})
        if any(isinstance(each, Requeue | Fail | Drop) for each in instructions):
            self._tell_status()

    def _start(self, job: Job) -> None:
        """Send a job to the worker, and write that down while it begins; a worker never outlives the server."""
        documents = self._documents_once(job.id)
        extra = {**msgspec.json.decode(documents.extra), **self._secrets.get(job.id, {}), "client_id": job.client_id}
        self._tell_status()
        self._messages = JobMessages(self._hub, job, self._clock, type_of=partial(_type_of, documents.prompt))
        self._messages.start()
        self._worker.send(RunJob(job.id, job.outputs, extra, payload=documents.prompt))
        self._write(lambda: self.store.start(job, self._clock()))

    def _documents_once(self, job_id: str) -> Documents:
        """Return the texts of a job that starts: mostly the one that came last, which need not be read from the file."""
        at_hand, self._at_hand = self._at_hand, None
        return at_hand[1] if at_hand is not None and at_hand[0] == job_id else self.documents(job_id)

    def _fail(self, job_id: str, reason: str) -> None:
        if self._messages is not None:
            self._messages.fail("WorkerDied", reason, partial(self._finish, job_id))

    def _finish(self, job_id: str, outcome: Outcome) -> None:
        self._secrets.pop(job_id, None)
        self._write(partial(self.store.finish, job_id, outcome))
        self._on_finish(outcome)
        # behind the messages that wait to be sent: clients wait for them, nobody for this line
        asyncio.get_running_loop().call_soon(
            logger.info, "Job %s: %s%s.", job_id, outcome.state.value, _lasting(outcome)
        )

    def _write(self, write: Callable[[], None]) -> None:
        """Write something down about a job. On a full disk the queue goes on; only its file is behind."""
        try:
            write()
        except StoreError as error:
            logger.error("%s The queue goes on, but its file does not know what becomes of this job.", error)

    def _left_over(self) -> list[Job]:
        """Return the jobs that an earlier server did not finish; those that ended several servers have failed."""
        waiting = []
        for job in self.store.unfinished():
            if job.attempts >= MOST_RESTARTS:
                self.store.finish(job.id, _lost(f"The server ended {job.attempts} times while this job ran."))
                continue
            if job.attempts:
                self.store.wait_again(job)
            waiting.append(job)
        return waiting

    def _number(self, asked: Submission) -> float:
        if asked.number is not None:
            return asked.number
        if not asked.front:
            return float(self._order)
        pending = self._queue.pending
        return min([-float(self._order), *(job.number - 1 for job in pending[:1])])

    def _is_running(self, job_id: str) -> bool:
        return self._queue.running is not None and self._queue.running.id == job_id

    def _tell_status(self) -> None:
        self._hub.send("status", queue_status(len(self._queue)))

    def status(self) -> dict[str, Any]:
        """Return what `status` messages and GET /prompt tell."""
        status: dict[str, Any] = queue_status(len(self._queue))["status"]
        return status


def _lost(reason: str) -> Outcome:
    data = {"exception_type": "WorkerDied", "exception_message": reason, "traceback": [], "timestamp": now_ms()}
    return Outcome(JobState.FAILED, ended_ms=now_ms(), messages=(("execution_error", data),), error=data)


def _lasting(outcome: Outcome) -> str:
    if outcome.started_ms is None or outcome.ended_ms is None:
        return ""
    return f" after {(outcome.ended_ms - outcome.started_ms) / 1000:.2f} s"


def _type_of(prompt: bytes, node_id: str) -> str:
    """Return the type of a node of a prompt; it is read when somebody asks, which is when something went wrong."""
    node = msgspec.json.decode(prompt).get(node_id)
    return str(node.get("class_type", "")) if isinstance(node, dict) else ""


def _workflow_id(extra: Mapping[str, Any]) -> str | None:
    document = extra.get("extra_pnginfo")
    workflow = document.get("workflow") if isinstance(document, dict) else None
    found = workflow.get("id") if isinstance(workflow, dict) else None
    return found if isinstance(found, str) else None
