"""What is left when processes die: real servers and workers, killed at the worst moment."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import psutil

from tests.serving.live_server import live_server

QUEUED = 50


def mark(path: Path, text: str) -> dict[str, Any]:
    """Return a prompt that leaves a mark."""
    return {"1": {"class_type": "Mark", "inputs": {"path": str(path), "text": text}}}


def count(seconds: float) -> dict[str, Any]:
    """Return a prompt that works for some seconds."""
    return {"1": {"class_type": "Count", "inputs": {"seconds": seconds}}}


def spin(seconds: float) -> dict[str, Any]:
    """Return a prompt that holds the interpreter for some seconds."""
    return {"1": {"class_type": "Spin", "inputs": {"seconds": seconds}}}


def test_a_killed_worker_costs_the_job_that_ran_and_no_other(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        first = server.queue(count(1000))
        second = server.queue(mark(tmp_path / "marks", "second"))
        server.wait_for("/queue", lambda queue: queue["queue_running"])
        worker = server.worker()
        server.wait_for(f"/api/v1/jobs/{first}", lambda job: job.get("node") == "1")  # else the job would wait again
        worker.kill()
        entry = server.wait_until_over(first)
        assert entry["status"]["status_str"] == "error"
        name, data = entry["status"]["messages"][-1]
        assert name == "execution_error"
        assert "killed" in data["exception_message"] or "signal 9" in data["exception_message"]
        assert server.wait_until_over(second)["status"]["status_str"] == "success"
        assert (tmp_path / "marks").read_text() == "second\n"
        assert server.worker().pid != worker.pid


def test_a_killed_server_loses_nothing(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        done = server.queue(mark(marks, "done"))
        server.wait_until_over(done)
        running = server.queue({**count(3), "2": mark(marks, "running")["1"]})
        waiting = [server.queue(mark(marks, str(number))) for number in range(QUEUED)]
        server.wait_for("/queue", lambda queue: queue["queue_running"])
        worker, port = server.worker(), server.port
        server.kill()
        psutil.wait_procs([worker], timeout=10)
        assert not worker.is_running(), "a worker does not outlive its server"
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is free again at once
    with live_server(tmp_path, port) as server:
        queue = server.get("/queue")
        left = [item[1] for item in (*queue["queue_running"], *queue["queue_pending"])]
        assert left == [running, *waiting]
        assert list(server.get("/history")) == [done]
        server.wait_until_over(waiting[-1])
        assert list(server.get("/history")) == [done, running, *waiting]
        statuses = {entry["status"]["status_str"] for entry in server.get("/history").values()}
        assert statuses == {"success"}
    lines = marks.read_text().split()
    assert [line for line in lines if line != "running"] == ["done", *map(str, range(QUEUED))]
    assert lines.count("running") in (1, 2), "its mark may have been left before the kill"


def test_a_killed_server_takes_a_worker_along_whose_node_holds_the_interpreter(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        server.queue(spin(1000))
        server.wait_for("/queue", lambda queue: queue["queue_running"])
        worker = server.worker()
        server.kill()
        psutil.wait_procs([worker], timeout=10)
        assert not worker.is_running()


def test_the_server_answers_while_a_node_holds_the_interpreter(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        job_id = server.queue(spin(3))
        server.wait_for("/queue", lambda queue: queue["queue_running"])
        for path in ("/queue", "/history", "/object_info/Spin", "/api/v1/queue", "/health"):
            server.get(path)
        queue = server.get("/queue")
        assert [item[1] for item in queue["queue_running"]] == [job_id]
        server.wait_until_over(job_id)


def test_node_types_are_there_before_the_worker_from_the_second_start_on(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        first = server.get("/object_info")
    with live_server(tmp_path) as server:
        again = server.get("/object_info")
        assert server.get("/health")["worker"] == "starting"
        assert again == first
        assert "Spin" in again


def test_an_interrupted_job_is_told_as_such(tmp_path: Path) -> None:
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        job_id = server.queue(count(1000))
        server.wait_for("/queue", lambda queue: queue["queue_running"])
        server.post("/interrupt", {})
        entry = server.wait_until_over(job_id)
        assert [name for name, _ in entry["status"]["messages"]][-1] == "execution_interrupted"
        assert server.get(f"/api/jobs/{job_id}")["status"] == "cancelled"
