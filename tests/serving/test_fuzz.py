"""Whatever is sent, the server answers at once and never with a 5xx: requests made from its own OpenAPI document, and prompts.

503 and 507 are no failures of the server: they say what it waits for or lacks.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from http.client import BAD_REQUEST, INTERNAL_SERVER_ERROR, OK
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from serving.openapi import describe
from serving.routing import collect_routes
from tests.serving.live_server import LiveServer, live_server

ANSWER_S = 20.0  # an answer that takes longer is a hang, also on a busy machine
CHECKS = (not_a_server_error, content_type_conformance, response_schema_conformance)
ENDLESS = ("/ws", "/api/v1/events")
QUIET = settings(
    max_examples=15, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
PROMPT: dict[str, Any] = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}, "_meta": {"title": "Invert"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "fuzz"}},
}
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["1", "2", "3"])
JSON = st.recursive(
    LEAF, lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=8), part, max_size=4)
)
FIELDS = st.sampled_from(
    ["prompt_id", "client_id", "number", "front", "extra_data", "partial_execution_targets", "prompt", "other"]
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose worker is ready and whose queue stands still."""
    with live_server(tmp_path_factory.mktemp("server")) as found:
        found.wait_until_ready()
        requests.patch(f"{found.url}/api/v1/queue", json={"paused": True}, timeout=ANSWER_S).raise_for_status()
        yield found


OPERATIONS = [
    each.ok()
    for each in schemathesis.openapi.from_dict(describe(collect_routes(), "1")).get_all_operations()
    if each.ok().path not in ENDLESS
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_requests_made_from_the_document_get_the_answers_that_it_describes(server: LiveServer, operation: Any) -> None:
    @QUIET
    @given(operation.as_strategy())
    def send_and_check(case: Any) -> None:
        response = case.call(base_url=server.url, timeout=ANSWER_S)
        case.validate_response(response, checks=CHECKS)

    send_and_check()


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    """Return a good prompt with a few places changed into anything."""
    prompt = copy.deepcopy(PROMPT)
    for _ in range(draw(st.integers(1, 4))):
        place: Any = prompt
        for _ in range(draw(st.integers(0, 3))):
            inner = [
                each for each in (place.values() if isinstance(place, dict) else place) if isinstance(each, dict | list)
            ]
            place = draw(st.sampled_from(inner)) if inner else place
        if isinstance(place, dict):
            place[draw(st.sampled_from([*place, "class_type", "inputs"]) | st.text(max_size=8))] = draw(JSON)
        elif place:
            place[draw(st.integers(0, len(place) - 1))] = draw(JSON)
    return prompt


def send(server: LiveServer, body: bytes) -> requests.Response:
    """POST to /prompt; whatever is refused has a reason in ComfyUI's shape."""
    headers = {"Content-Type": "application/json"}
    response = requests.post(f"{server.url}/prompt", body, headers=headers, timeout=ANSWER_S)
    assert response.status_code in (OK, BAD_REQUEST), (body, response.text)
    if response.status_code == BAD_REQUEST:
        assert {"type", "message", "details"} <= response.json()["error"].keys()
    return response


@QUIET
@given(st.binary())
def test_any_bytes_as_a_prompt_are_answered(server: LiveServer, body: bytes) -> None:
    assert send(server, body).status_code == BAD_REQUEST


@settings(QUIET, max_examples=150)
@given(st.dictionaries(FIELDS, JSON))
def test_any_object_as_a_prompt_is_answered(server: LiveServer, body: dict[str, Any]) -> None:
    send(server, _encoded(body))


@settings(QUIET, max_examples=300)
@given(mutations(), st.dictionaries(FIELDS.filter(lambda name: name != "prompt"), JSON, max_size=2))
def test_any_change_of_a_good_prompt_is_answered(server: LiveServer, prompt: Any, others: dict[str, Any]) -> None:
    send(server, _encoded({**others, "prompt": prompt}))


@pytest.mark.parametrize(
    "body",
    [
        b'{"prompt":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"prompt":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"prompt":{"1":{"class_type":"EmptyImage","inputs":{"width":' + b"9" * 100_000 + b"}}}}",
        b'{"prompt":{"1":{"class_type":"\\ud800","inputs":{}}}}',
    ],
    ids=["lists in lists", "objects in objects", "a number without end", "half a character"],
)
def test_what_breaks_parsers_is_answered(server: LiveServer, body: bytes) -> None:
    assert send(server, body).status_code == BAD_REQUEST


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/jobs", "/history"])
def test_numbers_beyond_64_bits_are_answered(server: LiveServer, path: str) -> None:
    for name in ("limit", "offset", "max_items"):
        response = requests.get(f"{server.url}{path}", {name: str(10**30)}, timeout=ANSWER_S)
        assert response.status_code < INTERNAL_SERVER_ERROR


def test_the_server_is_whole_after_all_that(server: LiveServer) -> None:
    assert server.get("/health")["status"] == "ok"
    metrics = requests.get(f"{server.url}/metrics", timeout=ANSWER_S).text
    assert f'status="{INTERNAL_SERVER_ERROR}"' not in metrics
    assert len(server.get("/queue")["queue_pending"]) == server.get("/health")["queue_remaining"]


def _encoded(body: Any) -> bytes:
    """Return JSON as Python writes it, NaN and halves of characters included."""
    import json

    return json.dumps(body).encode()
