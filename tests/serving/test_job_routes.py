"""ComfyUI's routes of jobs: prompts, the queue, the history, the jobs API."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.job_server import GOOD, JobServer, job_server

KSAMPLER = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "no such file"}},
    "2": {
        "class_type": "KSampler",
        "_meta": {"title": "My sampler"},
        "inputs": {"model": ["1", 1], "steps": 0, "cfg": "much", "sampler_name": "eulr", "positive": ["9", 0]},
    },
    "3": {"class_type": "VAEDecode", "inputs": {"samples": ["2", 0], "vae": ["1", 2]}},
    "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JobServer]:
    """A server whose worker is not ready yet, so that jobs wait."""
    with job_server(tmp_path) as found:
        yield found


def test_a_prompt_waits_runs_and_is_in_the_history(server: JobServer) -> None:
    answer = server.post("/prompt", {"prompt": GOOD, "client_id": "me", "extra_data": {"extra_pnginfo": {"a": 1}}})
    assert answer.status == 200
    assert set(answer.json) == {"prompt_id", "number", "node_errors"}
    job_id, number = answer.json["prompt_id"], answer.json["number"]
    assert server.get("/prompt") == {"exec_info": {"queue_remaining": 1}}
    [item] = server.get("/queue")["queue_pending"]
    assert item[:3] == [number, job_id, GOOD]
    assert item[3]["extra_pnginfo"] == {"a": 1}
    assert item[3]["client_id"] == "me"
    assert isinstance(item[3]["create_time"], int)
    assert item[4] == ["2"]
    server.ready()
    assert [each[1] for each in server.get("/queue")["queue_running"]] == [job_id]
    assert server.get("/history") == {}
    server.end()
    entry = server.get(f"/history/{job_id}")[job_id]
    assert entry == server.get("/history")[job_id]
    assert entry["prompt"] == [*item[:3], item[3], item[4]]
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("success", True)
    assert {"outputs", "meta"} <= set(entry)


def test_all_that_is_wrong_comes_at_once_by_node(server: JobServer) -> None:
    answer = server.post("/prompt", {"prompt": KSAMPLER})
    assert answer.status == 400
    assert answer.json["error"]["type"] == "prompt_outputs_failed_validation"
    assert set(answer.json["error"]) == {"type", "message", "details", "extra_info"}
    errors = answer.json["node_errors"]
    assert set(errors) == {"1", "2"}
    assert errors["2"]["class_type"] == "KSampler"
    assert errors["2"]["dependent_outputs"] == ["4"]
    kinds = {each["extra_info"]["input_name"]: each["type"] for each in errors["2"]["errors"]}
    assert kinds == {
        "model": "return_type_mismatch",
        "negative": "required_input_missing",
        "positive": "bad_linked_input",
        "latent_image": "required_input_missing",
        "steps": "value_smaller_than_min",
        "cfg": "invalid_input_type",
        "sampler_name": "value_not_in_list",
    }
    steps = next(each for each in errors["2"]["errors"] if each["type"] == "value_smaller_than_min")
    assert set(steps) == {"type", "message", "details", "extra_info"}
    assert steps["details"] == '"My sampler" (KSampler) #2, steps: 0 is not in 1..10000.'
    assert steps["extra_info"]["received_value"] == 0
    assert steps["extra_info"]["input_config"][0] == "INT"
    assert server.get("/queue")["queue_pending"] == []


def test_outputs_that_are_in_order_run_though_others_are_not(server: JobServer) -> None:
    answer = server.post("/prompt", {"prompt": {**GOOD, "5": {"class_type": "PreviewImage", "inputs": {}}}})
    assert answer.status == 200
    assert set(answer.json["node_errors"]) == {"5"}
    [item] = server.get("/queue")["queue_pending"]
    assert item[4] == ["2"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "no_prompt"),
        ({"prompt": {}}, "prompt_no_outputs"),
        ({"prompt": []}, "invalid_prompt"),
        ({"prompt": "text"}, "invalid_prompt"),
        ({"prompt": {"1": 5}}, "invalid_prompt"),
        ({"prompt": {"1": {"inputs": {}}}}, "missing_node_type"),
        ({"prompt": {"1": {"class_type": "NoSuchNode", "inputs": {}}}}, "missing_node_type"),
        ({"prompt": {"1": GOOD["1"]}}, "prompt_no_outputs"),
        ({"prompt": GOOD, "prompt_id": "no uuid"}, "invalid_prompt_id"),
        ({"prompt": GOOD, "prompt_id": str(uuid.UUID(int=1)).upper().replace("0", "A")}, "invalid_prompt_id"),
        ({"prompt": GOOD, "number": "first"}, "invalid_prompt"),
    ],
)
def test_what_is_no_prompt_is_refused_with_its_kind(server: JobServer, body: dict[str, Any], kind: str) -> None:
    answer = server.post("/prompt", body)
    assert answer.status == 400
    assert answer.json["error"]["type"] == kind
    assert answer.json["error"]["message"]
    assert "node_errors" in answer.json


def test_json_of_any_depth_and_none_is_refused(server: JobServer) -> None:
    for text in ("", "{", "[" * 100_000, '{"prompt":' + '{"a":' * 50_000 + "}" * 50_001, "\xff", "nan", "[1]"):
        answer = server.files.ask("POST", "/prompt", text.encode("latin-1"), Content_Type="application/json")
        assert answer.status == 400, text[:50]
        assert answer.json["error"]


def test_a_circle_is_told_and_a_long_chain_is_none(server: JobServer) -> None:
    circle = {
        "1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }
    answer = server.post("/prompt", {"prompt": circle})
    kinds = [each["type"] for node in answer.json["node_errors"].values() for each in node["errors"]]
    assert kinds == ["dependency_cycle"]
    chain: dict[str, Any] = {"0": {"class_type": "EmptyImage", "inputs": {}}}
    for number in range(1, 5000):
        chain[str(number)] = {"class_type": "ImageInvert", "inputs": {"image": [str(number - 1), 0]}}
    chain["end"] = {"class_type": "PreviewImage", "inputs": {"images": ["4999", 0]}}
    server.queue(chain)


def test_an_id_of_the_client_is_kept_and_not_taken_twice(server: JobServer) -> None:
    job_id = str(uuid.uuid4())
    assert server.queue(prompt_id=job_id) == job_id
    assert server.post("/prompt", {"prompt": GOOD, "prompt_id": job_id}).status == 400


def test_front_and_number_say_what_runs_earlier(server: JobServer) -> None:
    first, second = server.queue(), server.queue()
    early = server.queue(front=True)
    earlier = server.queue(front=True)
    last = server.queue(number=1000)
    assert [item[1] for item in server.get("/queue")["queue_pending"]] == [earlier, early, first, second, last]


def test_partial_targets_run_any_node(server: JobServer) -> None:
    server.queue(partial_execution_targets=["1"])
    [item] = server.get("/queue")["queue_pending"]
    assert item[4] == ["1"]
    answer = server.post("/prompt", {"prompt": GOOD, "partial_execution_targets": ["99"]})
    assert answer.status == 400


def test_waiting_jobs_are_taken_out_by_id_or_all(server: JobServer) -> None:
    first, second, third = (server.queue() for _ in range(3))
    server.ready()
    server.post("/queue", {"delete": [second, first, "unknown"]})
    assert [item[1] for item in server.get("/queue")["queue_pending"]] == [third]
    assert [item[1] for item in server.get("/queue")["queue_running"]] == [first], "what runs goes on"
    server.post("/queue", {"clear": True})
    assert server.get("/queue")["queue_pending"] == []
    assert server.get("/history") == {}


def test_the_history_comes_in_pages_and_can_be_forgotten(server: JobServer) -> None:
    server.ready()
    jobs = [server.queue() for _ in range(5)]
    for _ in jobs:
        server.end()
    assert list(server.get("/history")) == jobs
    assert list(server.get("/history?max_items=2")) == jobs[3:]
    assert list(server.get("/history?max_items=2&offset=1")) == jobs[1:3]
    assert list(server.get("/history?offset=3")) == jobs[3:]
    server.post("/history", {"delete": [jobs[0]]})
    assert server.get(f"/history/{jobs[0]}") == {}
    server.post("/history", {"clear": True})
    assert server.get("/history") == {}


def test_interrupt_ends_the_job_that_runs_or_the_one_that_is_named(server: JobServer) -> None:
    server.ready()
    first = server.queue()
    server.post("/interrupt", {"prompt_id": str(uuid.uuid4())})
    assert server.files.worker.cancelled == []
    assert server.files.ask("POST", "/interrupt", b"", Content_Type="application/json").status == 200
    assert server.files.worker.cancelled == [first]


def test_the_jobs_api_lists_filters_sorts_and_pages(server: JobServer) -> None:
    workflow = {"extra_pnginfo": {"workflow": {"id": "w1"}}}
    server.ready()
    done = server.queue(extra_data=workflow)
    server.end()
    failed = server.queue()
    server.end("failed")
    running = server.queue()
    waiting = server.queue()
    listed = server.get("/api/jobs")
    assert [job["id"] for job in listed["jobs"]] == [waiting, running, failed, done]
    assert [job["status"] for job in listed["jobs"]] == ["pending", "in_progress", "failed", "completed"]
    assert listed["pagination"] == {"offset": 0, "limit": None, "total": 4, "has_more": False}
    page = server.get("/api/jobs?status=failed,completed&sort_order=asc&limit=1")
    assert [job["id"] for job in page["jobs"]] == [done]
    assert page["pagination"] == {"offset": 0, "limit": 1, "total": 2, "has_more": True}
    assert [job["id"] for job in server.get("/api/jobs?workflow_id=w1")["jobs"]] == [done]
    whole = server.get(f"/api/jobs/{done}")
    assert whole["workflow"]["prompt"] == GOOD
    assert whole["execution_status"]["status_str"] == "success"
    assert whole["execution_end_time"] >= whole["execution_start_time"] >= whole["create_time"]
    for query in ("status=odd", "sort_by=name", "sort_order=up", "limit=0", "limit=x", "offset=x"):
        assert server.files.get(f"/api/jobs?{query}").status == 400
    assert server.files.get(f"/api/jobs/{uuid.uuid4()}").status == 404


def test_jobs_are_cancelled_by_id_and_in_one_go(server: JobServer) -> None:
    server.ready()
    running, waiting = server.queue(), server.queue()
    assert server.post(f"/api/jobs/{waiting}/cancel").json == {"cancelled": True}
    assert server.post(f"/api/jobs/{waiting}/cancel").json == {"cancelled": False}
    assert server.post("/api/jobs/cancel", {"job_ids": [running, str(uuid.uuid4())]}).json == {"cancelled": True}
    assert server.files.worker.cancelled == [running]
    assert server.post("/api/jobs/cancel", {"job_ids": ["x", {}]}).json["invalid_ids"] == ["x", "{}"]
    assert server.post("/api/jobs/cancel", {}).status == 400
