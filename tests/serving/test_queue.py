"""The queue as a state machine: whatever happens, no job is lost and none runs beside another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from serving.jobs import Job
from serving.queue import Drop, Expect, Fail, Interrupt, Queue, Requeue, Start


def job(number: int, *, priority: int = 0, at: float | None = None) -> Job:
    """Return a job that was submitted as the `number`th."""
    return Job(f"job {number}", number, float(number) if at is None else at, 0, ("9",), priority)


def ready() -> Queue:
    """Return an empty queue with a worker."""
    queue = Queue()
    queue.worker_ready()
    return queue


def test_a_job_starts_at_once_if_the_worker_is_free() -> None:
    [start] = ready().submit(job(1))
    assert isinstance(start, Start)
    assert start.job == replace(job(1), attempts=1)


def test_jobs_wait_until_the_worker_is_ready() -> None:
    queue = Queue()
    assert queue.submit(job(1)) == []
    assert [type(each) for each in queue.worker_ready()] == [Start]


def test_the_next_job_is_told_once_while_another_runs() -> None:
    queue = ready()
    queue.submit(job(1))
    assert queue.submit(job(2)) == [Expect(job(2))]
    assert queue.submit(job(3)) == []
    assert queue.submit(job(4, priority=1)) == [Expect(job(4, priority=1))]


def test_larger_priority_then_smaller_number_runs_first() -> None:
    queue = Queue([job(1), job(2, priority=5), job(3, at=-1.0), job(4, priority=5)])
    assert [each.order for each in queue.pending] == [2, 4, 3, 1]


def test_a_job_that_had_begun_fails_with_its_worker() -> None:
    queue = ready()
    [start] = queue.submit(job(1))
    assert isinstance(start, Start)
    queue.began("job 1")
    assert queue.worker_died("killed") == [Fail(start.job, "killed")]
    assert len(queue) == 0


def test_a_job_that_had_not_begun_is_tried_once_more() -> None:
    queue = ready()
    queue.submit(job(1))
    [requeue] = queue.worker_died("killed")
    assert isinstance(requeue, Requeue)
    queue.worker_ready()
    assert [type(each) for each in queue.worker_died("killed")] == [Fail]


def test_a_paused_queue_starts_nothing_and_goes_on_when_it_is_resumed() -> None:
    queue = ready()
    queue.pause()
    assert queue.submit(job(1)) == []
    assert [type(each) for each in queue.resume()] == [Start]


def test_cancel_interrupts_what_runs_and_drops_what_waits() -> None:
    queue = ready()
    queue.submit(job(1))
    queue.submit(job(2))
    assert queue.cancel(["job 2", "job 1", "unknown", "job 2"]) == [Drop(job(2)), Interrupt("job 1")]


def test_an_id_that_is_in_the_queue_is_refused() -> None:
    queue = ready()
    queue.submit(job(1))
    with pytest.raises(ValueError, match="job 1"):
        queue.submit(job(1))


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("numbers", [(1.0, 2.0, 3.0, 4.0), (5.0, 5.0, 5.0, 5.0), (1e300, 1e300, 2e300, 2e300)])
@pytest.mark.parametrize("priorities", [(0, 0, 0, 0), (9, 9, 0, 0)])
@pytest.mark.parametrize("moved", [1, 4])
def test_a_moved_job_stands_where_it_was_put(
    place: int, numbers: tuple[float, ...], priorities: tuple[int, ...], moved: int
) -> None:
    jobs = [job(n, at=at, priority=p) for n, at, p in zip(range(1, 5), numbers, priorities, strict=True)]
    queue = Queue(jobs)
    others = [each.order for each in queue.pending if each.order != moved]
    changed = queue.move(f"job {moved}", place)
    expected = [*others[:place], moved, *others[place:]]
    assert [each.order for each in queue.pending] == expected
    by_id = {each.id: each for each in jobs} | {each.id: each for each in changed}
    assert [each.order for each in Queue(by_id.values()).pending] == expected, "what is written down gives the same"


class QueueMachine(RuleBasedStateMachine):
    """Random events; the model knows where each job must be."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue()
        self.count = 0
        self.waiting: set[str] = set()
        self.over: set[str] = set()
        self.runs: str | None = None

    def follow(self, instructions: list[object]) -> None:
        """Do to the model what the instructions say."""
        for each in instructions:
            match each:
                case Start(started):
                    assert self.runs is None, "one job at a time"
                    self.waiting.remove(started.id)
                    self.runs = started.id
                case Drop(dropped):
                    self.waiting.remove(dropped.id)
                    self.over.add(dropped.id)
                case Requeue(again):
                    assert self.runs == again.id
                    self.runs = None
                    self.waiting.add(again.id)
                case Fail(failed, _):
                    assert self.runs == failed.id
                    self.runs = None
                    self.over.add(failed.id)
                case Interrupt(job_id):
                    assert self.runs == job_id
                case Expect(expected):
                    assert expected.id == self.queue.pending[0].id

    @rule(priority=st.integers(-2, 2), number=st.floats(-3, 3))
    def submit(self, priority: int, number: float) -> None:
        """A client sends a job."""
        self.count += 1
        new = job(self.count, priority=priority, at=number)
        self.waiting.add(new.id)
        self.follow(list(self.queue.submit(new)))

    @rule()
    def worker_comes(self) -> None:
        """A worker is there."""
        self.follow(list(self.queue.worker_ready()))

    @rule(has_begun=st.booleans())
    def worker_dies(self, has_begun: bool) -> None:
        """The worker is killed, before or after it began."""
        if has_begun and self.runs is not None:
            self.queue.began(self.runs)
        self.follow(list(self.queue.worker_died("killed")))
        assert self.runs is None

    @precondition(lambda self: self.runs is not None)
    @rule()
    def job_ends(self) -> None:
        """The worker is done."""
        job_id, self.runs = self.runs, None
        assert job_id is not None
        self.over.add(job_id)
        self.follow(list(self.queue.ended(job_id)))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A client cancels any jobs, also some that are over."""
        known = sorted(self.waiting | self.over | ({self.runs} if self.runs else set()))
        self.follow(list(self.queue.cancel(data.draw(st.lists(st.sampled_from(known), max_size=3)) if known else [])))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), place=st.integers(0, 5))
    def move(self, data: st.DataObject, place: int) -> None:
        """A client puts a job elsewhere."""
        job_id = data.draw(st.sampled_from(sorted(self.waiting)))
        self.queue.move(job_id, place)
        assert self.queue.pending[min(place, len(self.queue.pending) - 1)].id == job_id

    @rule(is_paused=st.booleans())
    def pause(self, is_paused: bool) -> None:
        """A client pauses or resumes."""
        if is_paused:
            self.queue.pause()
        else:
            self.follow(list(self.queue.resume()))

    @invariant()
    def nothing_is_lost(self) -> None:
        """The queue has exactly the jobs that are not over, sorted."""
        assert {each.id for each in self.queue.pending} == self.waiting
        assert (self.queue.running.id if self.queue.running else None) == self.runs
        ranks = [each.rank for each in self.queue.pending]
        assert ranks == sorted(ranks)


TestQueueMachine = QueueMachine.TestCase
