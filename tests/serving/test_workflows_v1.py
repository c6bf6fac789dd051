"""/api/v1/workflows: documents of one form as those of another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.job_server import GOOD, JobServer, job_server
from tests.serving.live_server import ROOT

ADDRESS = "/api/v1/workflows/api"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[JobServer]:
    """A server whose worker is not ready yet."""
    with job_server(tmp_path) as found:
        yield found


def test_an_editors_document_becomes_what_a_prompt_is(server: JobServer) -> None:
    document = json.loads((ROOT / "workflows" / "text_to_image.json").read_text())
    answer = server.post(ADDRESS, {"workflow": document})
    assert answer.status == 200
    assert {node["class_type"] for node in answer.json.values()} >= {"KSampler", "SaveImage"}
    assert server.get("/api/v1/jobs")["total"] == 0


def test_an_api_document_stays_what_it_is(server: JobServer) -> None:
    answer = server.post(ADDRESS, {"workflow": GOOD})
    assert {key: node["class_type"] for key, node in answer.json.items()} == {
        key: node["class_type"] for key, node in GOOD.items()
    }


def test_a_document_that_is_neither_is_refused_with_the_place(server: JobServer) -> None:
    answer = server.post(ADDRESS, {"workflow": {"nodes": [{"id": 1}], "links": []}})
    assert answer.status == 400
    assert "nodes[0].type" in answer.json["error"]
