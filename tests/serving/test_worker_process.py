"""The worker as a process: what it tells of jobs, whatever nodes do, and how it and its server part."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import psutil
import pytest
from PIL import Image

from graph.events import NodeStarted, Progress, RunFinished, RunStarted
from graph.formats import parse, read_workflow, to_api
from graph.protocol import CancelJob, Decoder, FreeMemory, JobEvents, PreviewImage, RunJob, Specs, encode
from graph.spec_document import read_registry
from runtime.engine import builtin_registry
from serving.workers import Died, WorkerError
from tests.serving.worker_session import PATIENCE_S, ROOT, WorkerSession, command, prompt_of

WORKFLOW = ROOT / "workflows" / "text_to_image.json"
SERVER = """  # a small server, whose worker spins; it says which process that is
import asyncio, json, sys
from graph.protocol import JobEvents, Ready, RunJob
from serving.subprocess_worker import SubprocessWorker
from serving.worker_log import WorkerLog
async def serve():
    def hear(message):
        if isinstance(message, Ready):
            worker.send(RunJob("1", payload=json.dumps({"1": {"class_type": "Spin", "inputs": {}}}).encode()))
        if isinstance(message, JobEvents):
            print(worker.pid, flush=True)
    worker = SubprocessWorker(sys.argv[1:], WorkerLog())
    await worker.start(hear)
    await asyncio.Event().wait()
asyncio.run(serve())
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerSession]:
    """A worker that is ready."""
    with WorkerSession(command(tmp_path_factory.mktemp("output"))) as session:
        specs = session.wait_for(Specs)
        assert read_registry(specs.payload).find("KSampler") is not None
        assert session.wait_until_ready().pid == session.worker.pid
        yield session


def test_a_job_tells_its_events_and_what_nodes_show(session: WorkerSession) -> None:
    number = {"1": {"class_type": "PrimitiveInt", "inputs": {"value": 5}}}
    text = {"2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
    finished = session.run({**number, **text})
    assert finished.ended.status == "done"
    assert finished.ended.ui == {"2": {"text": ["5"]}}
    assert isinstance(finished.events[0], RunStarted)
    assert isinstance(finished.events[-1], RunFinished)
    started = [event.node_id for event in finished.events if isinstance(event, NodeStarted)]
    assert started == ["1", "2"]
    again = session.run({**number, **text})
    assert not any(isinstance(event, NodeStarted) for event in again.events), "its results were kept"
    assert again.ended.ui == finished.ended.ui


def test_the_built_in_model_renders_with_previews(session: WorkerSession) -> None:
    finished = session.run(sampling(steps=3), preview_method="auto")
    assert finished.ended.status == "done", finished.ended.error
    assert finished.ended.ui["7"]["images"][0]["type"] == "output"
    assert finished.previews, "each step shows one"
    with Image.open(io.BytesIO(finished.previews[0].payload)) as picture:
        assert picture.format == "JPEG"
    silent = session.run(sampling(steps=4), preview_method="none")
    assert silent.ended.status == "done"
    assert not silent.previews


def sampling(steps: int) -> dict[str, object]:
    """Return the shipped workflow, with other steps."""
    workflow = read_workflow(parse(WORKFLOW.read_bytes()), builtin_registry().find)
    return to_api(workflow.with_input("5", "steps", steps))


def test_a_sampler_is_cancelled_between_steps(session: WorkerSession) -> None:
    job_id = session.start_job(sampling(steps=10_000))
    session.wait_for(JobEvents, lambda message: any(event[0] == "Progress" for event in message.events))
    session.send(CancelJob(job_id))
    assert session.finish(job_id).ended.status == "cancelled"
    assert session.run(prompt_of("Count", total=1)).ended.status == "done"


def test_a_job_that_waits_behind_another_may_be_cancelled(session: WorkerSession) -> None:
    first, second = session.start_job(prompt_of("Wait")), session.start_job(prompt_of("Count", total=3))
    session.send(CancelJob(second))
    session.send(CancelJob("a job that never was"))
    session.send(CancelJob(first))
    assert session.finish(first).ended.status == "cancelled"
    finished = session.finish(second)
    assert finished.ended.status == "cancelled"
    assert not any(isinstance(event, Progress) for event in finished.events)


def test_what_nodes_print_goes_to_the_log_and_not_into_the_link(session: WorkerSession) -> None:
    finished = session.run(prompt_of("Chatter"))
    assert finished.ended.status == "done"
    assert finished.ended.ui == {"1": {"text": [""]}}, "standard input is empty"
    session.run(prompt_of("Chatter"))
    written = [entry["m"] for entry in session.log.entries()]
    assert "from print" in written
    assert "from a C library" in written


def test_five_thousand_events_arrive_in_order(session: WorkerSession) -> None:
    finished = session.run(prompt_of("Count", total=5000))
    values = [event.value for event in finished.events if isinstance(event, Progress)]
    assert values == list(range(5000))


def test_of_many_previews_the_stale_ones_are_dropped(session: WorkerSession) -> None:
    job_id = session.start_job(prompt_of("Paint"))
    previews = [session.wait_for(PreviewImage) for _ in range(3)]
    session.send(CancelJob(job_id))
    finished = session.finish(job_id)
    painted = [event.value for event in finished.events if isinstance(event, Progress)][-1]
    assert len(previews) + len(finished.previews) < painted
    for preview in previews:
        with Image.open(io.BytesIO(preview.payload)) as picture:
            assert picture.size == (512, 256)


def test_a_preview_that_is_no_picture_is_left_out(session: WorkerSession) -> None:
    written: Queue[str] = Queue()
    end = session.log.listen(lambda entry: written.put(entry["m"]))
    job_id = session.start_job(prompt_of("PaintNothing"))
    while "cannot be shown" not in written.get(timeout=PATIENCE_S):
        pass
    end()
    session.send(CancelJob(job_id))
    assert session.finish(job_id).ended.status == "cancelled"
    job_id = session.start_job(prompt_of("Paint"))
    session.wait_for(PreviewImage)
    session.send(CancelJob(job_id))
    assert session.finish(job_id).ended.status == "cancelled"


def test_what_json_does_not_know_is_shown_as_text(session: WorkerSession) -> None:
    finished = session.run(prompt_of("Strange"))
    assert finished.ended.status == "done"
    assert finished.ended.ui["1"]["things"] == ["torch.float16", {"(1, 2)": "a pair"}, "half a ?", None]


def test_a_failed_node_is_reported_with_what_it_was_given(session: WorkerSession) -> None:
    ended = session.run(prompt_of("Fail", how="this", number=9)).ended
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["kind"] == "node"
    assert (ended.error["node_id"], ended.error["node_type"]) == ("1", "Fail")
    assert ended.error["exception_type"] == "ValueError"
    assert ended.error["exception_message"] == "this is not right"
    assert ended.error["current_inputs"] == {"how": ["this"], "number": [9]}
    assert "in Fail" in "".join(ended.error["traceback"])
    assert ended.error["message"] == "Fail #1 failed: this is not right"


@pytest.mark.parametrize(
    ("how", "kind", "name"), [("memory", "memory", "torch.OutOfMemoryError"), ("exit", "node", "SystemExit")]
)
def test_other_ends_of_nodes_are_told_apart(session: WorkerSession, how: str, kind: str, name: str) -> None:
    ended = session.run(prompt_of("Fail", how=how)).ended
    assert ended.error is not None
    assert (ended.error["kind"], ended.error["exception_type"]) == (kind, name)
    assert session.run(prompt_of("Count", total=1)).ended.status == "done"


@pytest.mark.parametrize("payload", [{"1": {"class_type": "Nowhere", "inputs": {}}}, {"1": "no node"}, ["1"]])
def test_a_workflow_that_cannot_be_planned_fails_alone(session: WorkerSession, payload: Any) -> None:
    ended = session.run(payload).ended
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error["kind"] == "workflow"


def test_questions_are_answered_during_a_job(session: WorkerSession) -> None:
    job_id = session.start_job(prompt_of("Wait"))
    session.wait_for(JobEvents)
    stats = session.ask("stats")
    assert stats["devices"][0]["type"] == "cpu"
    assert stats["devices"][0]["vram_total"] >= stats["devices"][0]["vram_free"] > 0
    with pytest.raises(WorkerError, match='no question "weather"'):
        session.ask("weather")
    session.send(CancelJob(job_id))
    assert session.finish(job_id).ended.status == "cancelled"


def test_validators_and_widgets_of_packs_are_asked_in_the_worker(session: WorkerSession) -> None:
    prompt = {"1": prompt_of("Checked", number=3)["1"], "2": prompt_of("Dialled", value=12)["1"]}
    found = session.ask("validate", {}, json.dumps(prompt).encode())
    assert [problem["message"] for problem in found] == [
        "Checked #1: 3 is not even.",
        "Dialled #2, value: 12 is off the dial.",
    ]
    some = session.ask("validate", {"nodes": ["2"]}, json.dumps(prompt).encode())
    assert [problem["node_id"] for problem in some] == ["2"]


def test_the_workflow_of_a_picture_is_read_by_the_worker(session: WorkerSession) -> None:
    prompt = sampling(steps=2)
    image = session.run(prompt).ended.ui["7"]["images"][0]
    found = session.ask("metadata", {"name": f"{image['filename']} [output]"})
    assert found["prompt"] == prompt


def test_memory_is_let_go_between_jobs(session: WorkerSession) -> None:
    prompt = prompt_of("PrimitiveInt", value=77) | {"2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
    session.run(prompt)
    session.send(FreeMemory(models=True, results=True))
    events = session.run(prompt).events
    assert [event.node_id for event in events if isinstance(event, NodeStarted)] == ["1", "2"], "nothing was kept"


def test_an_interrupt_from_the_terminal_is_left_to_the_server(session: WorkerSession) -> None:
    job_id = session.start_job(prompt_of("Wait"))
    session.wait_for(JobEvents)
    session.process().send_signal(signal.SIGINT)
    assert session.ask("stats")["devices"], "the worker goes on"
    session.send(CancelJob(job_id))
    assert session.finish(job_id).ended.status == "cancelled"


def test_a_worker_that_dies_in_a_job_is_replaced(session: WorkerSession) -> None:
    first = session.process()
    session.start_job(prompt_of("Fail", how="die"))
    died = session.wait_for(Died)
    assert "killed by signal 9 (SIGKILL); perhaps the machine ran out of memory" in died.reason
    assert session.wait_until_ready().pid != first.pid
    assert not first.is_running()
    assert session.run(prompt_of("Count", total=2)).ended.status == "done"


def test_whoever_waits_for_an_answer_hears_of_a_death(session: WorkerSession) -> None:
    session.process().suspend()
    asked = session.ask_later("stats")
    session.process().kill()
    with pytest.raises(WorkerError, match="killed by signal 9"):
        asked.result(PATIENCE_S)
    session.wait_until_ready()


def test_a_worker_that_cannot_start_says_why_and_is_tried_again(tmp_path: Path) -> None:
    with WorkerSession(command(tmp_path, "--device", "cuda:77"), pauses_s=(0.0,)) as session:
        for _ in range(2):
            died = session.wait_for(Died)
            assert "exit code 2" in died.reason
            assert "--cpu and --device cuda:77 exclude each other" in died.reason
    with WorkerSession([str(tmp_path / "nothing")], pauses_s=(0.0,)) as session:
        assert "could not be started" in session.wait_for(Died).reason


def test_bytes_that_are_no_frames_end_the_worker(tmp_path: Path) -> None:
    script = "import sys; sys.stdout.write('this is no frame of ours at all'); sys.stdout.flush(); sys.stdin.read()"
    with WorkerSession([sys.executable, "-c", script], pauses_s=(0.0, 60.0)) as session:
        assert "was not understood" in session.wait_for(Died).reason


def test_stop_leaves_no_process_behind(tmp_path: Path) -> None:
    with WorkerSession(command(tmp_path)) as session:
        session.wait_until_ready()
        process = session.process()
        session.start_job(prompt_of("Spin"))
        session.wait_for(JobEvents)
    assert not process.is_running()


def test_a_worker_whose_input_ends_ends_though_a_node_spins(tmp_path: Path) -> None:
    words = command(tmp_path)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode(RunJob("1", payload=json.dumps(prompt_of("Spin")).encode())))
        process.stdin.flush()
        decoder = Decoder()
        while not any(isinstance(message, JobEvents) for message in decoder.feed(process.stdout.read1())):
            pass
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0


def test_a_worker_goes_with_its_server_though_a_node_spins(tmp_path: Path) -> None:
    words = [sys.executable, "-c", SERVER, *command(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, text=True) as server:
        assert server.stdout is not None
        worker = psutil.Process(int(server.stdout.readline()))
        server.kill()
    assert psutil.wait_procs([worker], timeout=PATIENCE_S)[1] == []
