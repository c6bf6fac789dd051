"""ComfyUI's dialect, which Weft's server understands too, and what happens when connections break."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.serving.live_server import LiveServer, live_server
from tests.weft_client.prompts import count, failure, picture
from weft_client import Client, ClientError, Job
from weft_client.comfyui import ComfyUIDialect
from weft_client.connection import Connection
from weft_client.dialects import Order

ID = "0b7d2c9e-5f3a-4c58-9d3e-2a4b6c8d0e1f"
LOST: dict[str, Any] = {}  # an answer that never arrives


@pytest.fixture
def dialect(server: LiveServer) -> ComfyUIDialect:
    """ComfyUI's dialect, spoken to Weft's server."""
    return ComfyUIDialect(Connection(server.url))


class Fake(ThreadingHTTPServer):
    """A server that answers by a table of (method, path), and remembers what it was asked."""

    answers: dict[tuple[str, str], list[dict[str, Any]]]
    asked: list[tuple[str, str]]
    tokens: list[str | None]


class FakeHandler(BaseHTTPRequestHandler):
    """Answers once with each entry of the table, with the last again and again; 404 for what is not in it."""

    server: Fake

    def answer(self) -> None:
        """Answer one request."""
        key = (self.command, self.path.partition("?")[0])
        self.server.asked.append(key)
        self.server.tokens.append(self.headers.get("Authorization"))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = self.server.answers.get(key)
        if found is None:
            self.send_error(404)
            return
        document = found.pop(0) if len(found) > 1 else found[0]
        if document is LOST:
            return  # the connection is closed without an answer
        data = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def fake(answers: dict[tuple[str, str], list[dict[str, Any]]]) -> Iterator[tuple[Fake, str]]:
    """Run a fake server; give it and its address."""
    server = Fake(("127.0.0.1", 0), FakeHandler)
    server.answers, server.asked, server.tokens = answers, [], []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("prompt", "state"), [(picture("comfy"), "completed"), (failure(), "failed")])
def test_a_job_ends_in_the_same_state_in_both_dialects(
    prompt: dict[str, Any], state: str, client: Client, dialect: ComfyUIDialect
) -> None:
    dialect.submit(Order(ID, prompt))
    old, new = Job(ID, dialect), client.job(ID)
    kinds = [event.kind for event in old.follow()]
    assert kinds[0] == "execution_start"
    assert old.state() == new.state() == state
    assert old.result() == new.result()


def test_a_job_that_never_ran_is_cancelled_in_both_dialects(client: Client, dialect: ComfyUIDialect) -> None:
    client.pause()
    try:
        job = client.submit(count(1000))
        assert dialect.result(job.id) == "pending"
        dialect.cancel(job.id)
        assert Job(job.id, dialect).state() == job.state() == "cancelled"
    finally:
        client.resume()


def test_a_server_without_own_routes_is_spoken_to_as_comfyui() -> None:
    ended = {"status": {"status_str": "success", "completed": True, "messages": []}, "outputs": {}}
    queue = {
        "queue_running": [[0, ID, {}, {}, []]],
        "queue_pending": [[2, "later", {}, {}, []], [1, "soon", {}, {}, []]],
    }
    answers = {("GET", "/queue"): [queue], ("GET", f"/history/{ID}"): [{}, {ID: ended}]}
    with fake(answers) as (_, url):
        client = Client(url)
        assert not client.is_weft
        assert client.queue().pending == ("soon", "later")
        assert client.job(ID).wait().state == "completed"


def test_an_editors_document_is_refused_where_only_api_format_runs() -> None:
    with fake({}) as (_, url), pytest.raises(ClientError, match="API format"):
        Client(url).submit({"nodes": [], "links": []})


def test_a_job_whose_answer_is_lost_is_not_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uuid.uuid4", lambda: ID)
    view = {"id": ID, "state": "completed", "created_ms": 0}
    of = f"/api/v1/jobs/{ID}"
    with fake({("GET", "/api/v1/queue"): [{}], ("POST", "/api/v1/jobs"): [LOST], ("GET", of): [view]}) as (server, url):
        assert Client(url).submit(picture()).wait().state == "completed"
        assert server.asked.count(("POST", "/api/v1/jobs")) == 1


def test_the_token_goes_with_every_request() -> None:
    with fake({("GET", "/object_info"): [{}]}) as (server, url):
        client = Client(url, token="secret")
        assert not client.is_weft
        client.object_info()
        assert server.tokens == ["Bearer secret"] * 2


def test_a_job_is_followed_across_the_death_of_its_server(tmp_path: Path) -> None:
    with live_server(tmp_path) as first:
        first.wait_until_ready()
        client, port = Client(first.url), first.port
        job = client.submit(count(2))
        events = job.follow()
        assert next(events).kind == "execution_start"
        first.kill()
        with live_server(tmp_path, port):
            assert [event.kind for event in events][-2:] == ["execution_success", "executing"]
            assert job.wait().state == "completed"
