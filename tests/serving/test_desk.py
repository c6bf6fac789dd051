"""The desk: jobs on their way from a client to the worker and into the history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from graph.event_document import write_event
from graph.events import NodeStarted
from graph.protocol import JobEvents, Ready, RunJob
from serving.desk import Desk, Submission
from serving.event_log import EventLog
from serving.hub import Hub
from serving.jobs import JobState
from serving.queue_store import QueueStore, StoreError
from serving.workers import Died
from tests.serving.scripted_worker import ScriptedWorker

PROMPT = b'{"9":{"class_type":"PreviewImage","inputs":{}}}'
Scene = Callable[[Desk, ScriptedWorker], Coroutine[Any, Any, None]]


def play(path: Path, scene: Scene, log: EventLog | None = None) -> None:
    """Run a scene on the desk of one server life."""

    async def run() -> None:
        with closing(QueueStore.open(path / "queue.sqlite")) as store:
            worker, hub = ScriptedWorker(), Hub(log=log)
            desk = Desk(store, worker, hub)
            await worker.start(desk.hear)
            await scene(desk, worker)
            await hub.close()

    asyncio.run(run())


def state(desk: Desk, job_id: str) -> JobState:
    """Return where a job stands in the file."""
    record = desk.store.find(job_id)
    assert record is not None
    return record.state


def submit(desk: Desk, name: str, **others: Any) -> str:
    """Queue a job."""
    return desk.submit(Submission(PROMPT, ("9",), job_id=name, **others)).id


def test_a_job_goes_to_the_worker_and_into_the_history(tmp_path: Path) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        submit(desk, "a", extra={"extra_pnginfo": {"workflow": {"id": "w"}}}, client_id="me")
        [message] = worker.sent
        assert isinstance(message, RunJob)
        assert (message.payload, message.outputs, message.extra["client_id"]) == (PROMPT, ("9",), "me")
        assert state(desk, "a") is JobState.RUNNING
        worker.end()
        assert desk.store.finished() == ["a"]
        record = desk.store.find("a")
        assert record is not None
        assert record.outcome is not None
        assert (record.state, record.job.workflow_id, record.job.attempts) == (JobState.DONE, "w", 1)
        assert [name for name, _ in record.outcome.messages] == ["execution_start", "execution_success"]
        assert desk.status() == {"exec_info": {"queue_remaining": 0}}

    play(tmp_path, scene)


def test_jobs_run_one_after_the_other_and_the_next_is_announced(tmp_path: Path) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        for name in "abc":
            submit(desk, name)
        assert (worker.started, worker.expected) == (["a"], ["b"])
        worker.end()
        assert (worker.started, worker.expected) == (["a", "b"], ["b", "c"])
        submit(desk, "front", front=True)
        worker.end()
        assert worker.started[-1] == "front"

    play(tmp_path, scene)


def test_each_job_runs_with_its_own_prompt(tmp_path: Path) -> None:
    prompts = {name: PROMPT.replace(b"9", name.encode()) for name in "123"}

    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        for name, prompt in prompts.items():
            desk.submit(Submission(prompt, (name,), job_id=name, extra={"of": name}))
        worker.say(Ready(1))
        for _ in prompts:
            worker.end()
        runs = [message for message in worker.sent if isinstance(message, RunJob)]
        assert {run.job_id: (run.payload, run.extra["of"]) for run in runs} == {
            name: (prompt, name) for name, prompt in prompts.items()
        }

    play(tmp_path, scene)


def test_clients_hear_how_many_jobs_are_left_before_what_becomes_of_each(tmp_path: Path) -> None:
    log = EventLog()

    def told() -> list[str]:
        return [msgspec.json.decode(sent.text)["type"] for _, sent in log.after(0)]

    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        submit(desk, "a", client_id="me")
        assert told() == ["status", "execution_start"], "once, though it waits and then runs"
        worker.end()
        assert told()[-3:] == ["execution_success", "status", "executing"]

    play(tmp_path, scene, log)


def test_secrets_reach_the_worker_but_not_the_file(tmp_path: Path) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        submit(desk, "a", extra={"api_key_comfy_org": "geheim"})
        [message] = worker.sent
        assert isinstance(message, RunJob)
        assert message.extra["api_key_comfy_org"] == "geheim"
        assert b"geheim" not in desk.documents("a").extra

    play(tmp_path, scene)
    assert all(b"geheim" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_job_that_had_begun_fails_with_its_worker_and_the_next_runs(tmp_path: Path) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        submit(desk, "a")
        submit(desk, "b")
        worker.say(JobEvents("a", (write_event(NodeStarted("9")),)))
        worker.say(Died("The worker was killed by signal 9."))
        record = desk.store.find("a")
        assert record is not None
        assert record.outcome is not None
        assert record.state is JobState.FAILED
        assert record.outcome.error is not None
        assert "killed by signal 9" in record.outcome.error["exception_message"]
        assert worker.started == ["a"], "nothing is sent to a dead worker"
        worker.say(Ready(2))
        assert worker.started == ["a", "b"]

    play(tmp_path, scene)


def test_what_an_ended_server_left_runs_in_order_after_a_restart(tmp_path: Path) -> None:
    async def first(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        for name in "abc":
            submit(desk, name)
        submit(desk, "urgent", priority=1)
        worker.end()

    async def second(desk: Desk, worker: ScriptedWorker) -> None:
        assert state(desk, "a") is JobState.DONE
        worker.say(Ready(1))
        for _ in range(3):
            worker.end()
        assert worker.started == ["urgent", "b", "c"]
        assert submit(desk, "d") == "d"
        [late] = [job for job in (desk.queue.running,) if job is not None]
        assert late.order > 4, "submissions are counted on"

    play(tmp_path, first)
    play(tmp_path, second)


def test_a_job_that_saw_three_servers_end_has_failed(tmp_path: Path) -> None:
    async def die_with_it(desk: Desk, worker: ScriptedWorker) -> None:
        if desk.store.find("a") is None:
            submit(desk, "a")
        worker.say(Ready(1))
        assert worker.started == ["a"]

    async def after(desk: Desk, worker: ScriptedWorker) -> None:
        assert state(desk, "a") is JobState.FAILED

    for _ in range(3):
        play(tmp_path, die_with_it)
    play(tmp_path, after)


def test_a_paused_queue_stays_paused_after_a_restart(tmp_path: Path) -> None:
    async def pause(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        desk.pause()
        submit(desk, "a")
        assert worker.started == []

    async def resume(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        assert worker.started == []
        desk.resume()
        assert worker.started == ["a"]

    play(tmp_path, pause)
    play(tmp_path, resume)


def test_cancel_drops_what_waits_and_interrupts_what_runs(tmp_path: Path) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        submit(desk, "a")
        submit(desk, "b")
        assert sorted(desk.cancel(["a", "b", "unknown"])) == ["a", "b"]
        assert worker.cancelled == ["a"]
        assert state(desk, "b") is JobState.CANCELLED
        worker.end("cancelled")
        assert state(desk, "a") is JobState.CANCELLED
        assert desk.cancel(["a", "b"]) == []

    play(tmp_path, scene)


def test_what_a_worker_says_of_a_job_that_does_not_run_is_not_heeded(tmp_path: Path) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        submit(desk, "a")
        worker.end()
        worker.say(JobEvents("a", (write_event(NodeStarted("9")),)))
        worker.end("failed")
        assert state(desk, "a") is JobState.DONE

    play(tmp_path, scene)


def test_an_id_in_use_is_refused(tmp_path: Path) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        submit(desk, "a")
        with pytest.raises(ValueError, match="in the queue already"):
            submit(desk, "a")

    play(tmp_path, scene)


def test_a_full_disk_refuses_new_jobs_and_lets_the_queue_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(desk: Desk, worker: ScriptedWorker) -> None:
        worker.say(Ready(1))
        submit(desk, "a")
        submit(desk, "b")
        desk.store._db.execute("PRAGMA max_page_count = 1")  # SQLite's own "database or disk is full"
        big = b'{"9":{"class_type":"PreviewImage","inputs":{"text":"%s"}}}' % (b"x" * 500_000)
        with pytest.raises(StoreError, match="disk"):
            desk.submit(Submission(big, ("9",), job_id="c"))
        assert desk.queue.find("c") is None
        worker.end()
        assert worker.started == ["a", "b"]

    play(tmp_path, scene)
