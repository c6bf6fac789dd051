"""Queue: which job runs when. A state machine without I/O: events in, instructions out.

    queue = Queue()
    queue.worker_ready()         # []
    queue.submit(job)            # [Start(job.id)]
    queue.worker_died("killed")  # [Fail(job.id, "killed")], or [Requeue(job.id)] if it had not begun

Whoever carries the instructions out (serving.desk) keeps the files and talks to the worker.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from serving.jobs import Job

MOST_ATTEMPTS = 2  # of a job that its worker never began: the second death may be its doing


@dataclass(frozen=True)
class Start:
    """Send the job to the worker."""

    job: Job


@dataclass(frozen=True)
class Interrupt:
    """Ask the worker to end the job that runs."""

    job_id: str


@dataclass(frozen=True)
class Requeue:
    """The job waits again."""

    job: Job


@dataclass(frozen=True)
class Fail:
    """The job is over: its worker died."""

    job: Job
    reason: str


@dataclass(frozen=True)
class Expect:
    """Tell the worker which job is likely to be next."""

    job: Job


@dataclass(frozen=True)
class Drop:
    """The job will not run: it was taken out of the queue."""

    job: Job


Instruction = Start | Interrupt | Requeue | Fail | Expect | Drop


class Queue:
    """Jobs that wait, sorted by rank, and the one that runs."""

    def __init__(self, pending: Iterable[Job] = (), *, is_paused: bool = False) -> None:
        self._pending = sorted(pending, key=_rank)
        self._by_id = {job.id: job for job in self._pending}
        self._has_begun = False
        self._is_ready = False
        self._expected: str | None = None
        self.running: Job | None = None
        self.is_paused = is_paused

    @property
    def pending(self) -> Sequence[Job]:
        """The jobs that wait, the next one first."""
        return tuple(self._pending)

    def __len__(self) -> int:
        """Return how many jobs are not over."""
        return len(self._pending) + (self.running is not None)

    def find(self, job_id: str) -> Job | None:
        """Return a job that waits or runs."""
        if self.running is not None and self.running.id == job_id:
            return self.running
        return self._by_id.get(job_id)

    def submit(self, job: Job) -> list[Instruction]:
        """Take a job in. ValueError if its id is known."""
        if self.find(job.id) is not None:
            raise ValueError(f"A job {job.id} is in the queue already.")
        self._insert(job)
        return self._go_on()

    def worker_ready(self) -> list[Instruction]:
        """Be told that the worker can take a job."""
        self._is_ready = True
        return self._go_on()

    def worker_died(self, reason: str) -> list[Instruction]:
        """Be told that the worker is gone; what ran has failed, or waits again if it had not begun."""
        self._is_ready, self._expected = False, None
        job, self.running = self.running, None
        if job is None:
            return []
        if self._has_begun or job.attempts >= MOST_ATTEMPTS:
            return [Fail(job, reason)]
        self._insert(job)
        return [Requeue(job)]

    def began(self, job_id: str) -> None:
        """Be told that the worker works on the job."""
        if self.running is not None and self.running.id == job_id:
            self._has_begun = True

    def ended(self, job_id: str) -> list[Instruction]:
        """Be told that the job that ran is over; others are not heeded."""
        if self.running is None or self.running.id != job_id:
            return []
        self.running = None
        return self._go_on()

    def cancel(self, job_ids: Iterable[str]) -> list[Instruction]:
        """Interrupt the job that runs or drop those that wait; unknown ids are not heeded."""
        found: list[Instruction] = []
        for job_id in dict.fromkeys(job_ids):
            if self.running is not None and self.running.id == job_id:
                found.append(Interrupt(job_id))
            elif job_id in self._by_id:
                found.append(Drop(self._take(job_id)))
        return found + self._look_ahead()

    def pause(self) -> None:
        """Start no job any more; the one that runs goes on."""
        self.is_paused = True

    def resume(self) -> list[Instruction]:
        """Start jobs again."""
        self.is_paused = False
        return self._go_on()

    def change(self, job_id: str, *, priority: int | None = None, labels: tuple[str, ...] | None = None) -> Job:
        """Return the waiting job with another priority or labels, at its new place. KeyError if it does not wait."""
        job = self._by_id[job_id]
        changed = replace(
            job,
            priority=job.priority if priority is None else priority,
            labels=job.labels if labels is None else labels,
        )
        self._take(job_id)
        self._insert(changed)
        return changed

    def move(self, job_id: str, place: int) -> list[Job]:
        """Put a waiting job at a place, 0 is next; return all jobs whose rank changed. KeyError if it does not wait.

        The job takes the priority of its new neighbours. Its number lies between theirs; where there is no number
        between, the jobs of that priority are numbered anew.
        """
        job = self._take(job_id)
        place = max(0, min(place, len(self._pending)))
        before = self._pending[place - 1] if place > 0 else None
        after = self._pending[place] if place < len(self._pending) else None
        moved = _between(job, before, after)
        if not _is_between(moved, before, after):
            return self._insert_renumbered(replace(job, priority=moved.priority), place)
        self._insert(moved)
        return [moved]

    def _insert_renumbered(self, job: Job, place: int) -> list[Job]:
        """Number the jobs of one priority anew, with this one among them."""
        jobs = [*self._pending[:place], job, *self._pending[place:]]
        same = [each for each in jobs if each.priority == job.priority]
        for each in same:
            if each is not job:
                self._take(each.id)
        renumbered = [replace(each, number=float(number)) for number, each in enumerate(same, -len(same))]
        for each in renumbered:
            self._insert(each)
        return renumbered

    def _go_on(self) -> list[Instruction]:
        if self.running is None and self._is_ready and not self.is_paused and self._pending:
            first = self._pending[0]
            self._take(first.id)
            self.running = replace(first, attempts=first.attempts + 1)
            self._has_begun, self._expected = False, None
            return [Start(self.running), *self._look_ahead()]
        return self._look_ahead()

    def _look_ahead(self) -> list[Instruction]:
        """Tell of the next job while another one runs, once."""
        if self.running is None or self.is_paused or not self._pending or self._pending[0].id == self._expected:
            return []
        self._expected = self._pending[0].id
        return [Expect(self._pending[0])]

    def _insert(self, job: Job) -> None:
        insort(self._pending, job, key=_rank)
        self._by_id[job.id] = job

    def _take(self, job_id: str) -> Job:
        job = self._by_id.pop(job_id)
        del self._pending[bisect_left(self._pending, job.rank, key=_rank)]
        return job


def _rank(job: Job) -> tuple[int, float, int]:
    return job.rank


def _between(job: Job, before: Job | None, after: Job | None) -> Job:
    if before is None and after is None:
        return job
    if before is None or (after is not None and before.priority != after.priority):
        assert after is not None
        return replace(job, priority=after.priority, number=after.number - 1)
    if after is None:
        return replace(job, priority=before.priority, number=before.number + 1)
    return replace(job, priority=before.priority, number=(before.number + after.number) / 2)


def _is_between(job: Job, before: Job | None, after: Job | None) -> bool:
    return (before is None or before.rank < job.rank) and (after is None or job.rank < after.rank)
