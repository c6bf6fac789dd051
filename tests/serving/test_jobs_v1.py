"""/api/v1: jobs with priorities and labels, pause, reorder, retry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.job_server import GOOD, JobServer, job_server
from tests.serving.live_server import ROOT


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JobServer]:
    """A server whose worker is not ready yet, so that jobs wait."""
    with job_server(tmp_path) as found:
        yield found


def create(server: JobServer, **others: Any) -> dict[str, Any]:
    """Queue a job that is good."""
    answer = server.post("/api/v1/jobs", {"workflow": GOOD, **others})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def pending(server: JobServer) -> list[str]:
    """Return the ids of the jobs that wait, in order."""
    return [job["id"] for job in server.get("/api/v1/queue")["pending"]]


def test_a_job_has_priority_labels_and_a_place(server: JobServer) -> None:
    first = create(server, labels=["night", "ü"])
    urgent = create(server, priority=5)
    assert (first["state"], first["labels"], first["place"]) == ("pending", ["night", "ü"], 0)
    assert pending(server) == [urgent["id"], first["id"]]
    assert server.get(f"/api/v1/jobs/{first['id']}")["place"] == 1
    assert [job["id"] for job in server.get("/api/v1/jobs?label=night")["jobs"]] == [first["id"]]
    assert server.get("/api/v1/jobs?state=pending")["total"] == 2


def test_jobs_are_searched_by_what_they_ran_with(server: JobServer) -> None:
    night = create(server, labels=["night"])
    create(server)
    assert [job["id"] for job in server.get("/api/v1/jobs?text=NIGHT")["jobs"]] == [night["id"]]
    assert server.get("/api/v1/jobs?text=night+x")["total"] == 0
    assert server.get("/api/v1/jobs?text=+")["total"] == 2


def test_an_editors_document_is_taken_as_it_is(server: JobServer) -> None:
    (server.files.folders.models["checkpoints"][0]).mkdir(parents=True)
    (server.files.folders.models["checkpoints"][0] / "weft-demo.safetensors").touch()
    document = json.loads((ROOT / "workflows" / "text_to_image.json").read_text())
    job = create(server, workflow=document)
    kept = server.get(f"/api/v1/jobs/{job['id']}/workflow")
    assert kept["extra_data"]["extra_pnginfo"]["workflow"] == document
    assert {node["class_type"] for node in kept["prompt"].values()} >= {"KSampler", "SaveImage"}


def test_waiting_jobs_are_moved_and_changed(server: JobServer) -> None:
    jobs = [create(server)["id"] for _ in range(4)]
    assert server.send("PATCH", f"/api/v1/jobs/{jobs[3]}", {"place": 1}).json["place"] == 1
    assert pending(server) == [jobs[0], jobs[3], jobs[1], jobs[2]]
    server.send("PATCH", f"/api/v1/jobs/{jobs[2]}", {"priority": 1, "labels": ["x"]})
    assert pending(server) == [jobs[2], jobs[0], jobs[3], jobs[1]]
    assert server.get(f"/api/v1/jobs/{jobs[2]}")["labels"] == ["x"]
    server.ready()
    assert server.send("PATCH", f"/api/v1/jobs/{jobs[2]}", {"place": 0}).status == 409


def test_a_paused_queue_waits(server: JobServer) -> None:
    server.ready()
    assert server.send("PATCH", "/api/v1/queue", {"paused": True}).json["paused"] is True
    job = create(server)["id"]
    assert server.get("/api/v1/queue")["running"] is None
    assert server.send("PATCH", "/api/v1/queue", {"paused": False}).json["running"]["id"] == job


def test_a_job_that_is_over_can_be_queued_again_and_forgotten(server: JobServer) -> None:
    server.ready()
    job = create(server, labels=["a"], priority=2)["id"]
    assert server.post(f"/api/v1/jobs/{job}/retry").status == 409
    assert server.send("DELETE", f"/api/v1/jobs/{job}").status == 409
    server.end("failed")
    assert server.get(f"/api/v1/jobs/{job}")["state"] == "failed"
    again = server.post(f"/api/v1/jobs/{job}/retry").json
    assert (again["labels"], again["priority"], again["state"]) == (["a"], 2, "in_progress")
    assert again["id"] != job
    assert server.send("DELETE", f"/api/v1/jobs/{job}").status == 200
    assert server.files.get(f"/api/v1/jobs/{job}").status == 404


def test_a_job_taken_out_before_it_ran_is_cancelled(server: JobServer) -> None:
    job = create(server)["id"]
    assert server.post(f"/api/v1/jobs/{job}/cancel").json["state"] == "cancelled"
    assert pending(server) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"workflow": []},
        {"workflow": {"nodes": 5, "links": []}},
        {"workflow": GOOD, "priority": 10_000},
        {"workflow": GOOD, "labels": ["x" * 500]},
        {"workflow": GOOD, "id": "no uuid"},
        {"workflow": GOOD, "outputs": ["99"]},
        {"workflow": {"1": {"class_type": "KSampler", "inputs": {}}}},
    ],
)
def test_what_cannot_run_is_refused_with_a_sentence(server: JobServer, body: dict[str, Any]) -> None:
    answer = server.post("/api/v1/jobs", body)
    assert answer.status == 400
    assert isinstance(answer.json["error"], str)


def test_problems_of_nodes_are_listed(server: JobServer) -> None:
    answer = server.post("/api/v1/jobs", {"workflow": {"1": {"class_type": "PreviewImage", "inputs": {}}}})
    assert answer.json["node_errors"]["1"]["errors"][0]["type"] == "required_input_missing"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/workflow"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("POST", "/retry"),
    ],
)
def test_an_unknown_job_is_not_found(server: JobServer, method: str, path: str) -> None:
    answer = server.send(method, f"/api/v1/jobs/nothing{path}", {})
    assert answer.status == 404
    assert "nothing" in answer.json["error"]
