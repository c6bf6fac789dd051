"""What node packs say to browsers and ask of the server, with a real server and a real worker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.serving.route_server import RouteServer, route_server
from tests.serving.web_socket import WebSocket, open_socket

EVENT = "routes.told"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RouteServer]:
    """A server with packs that speak, see prompts and add folders."""
    base = tmp_path_factory.mktemp("base")
    for folder, name in (("rains", "a.rain"), ("rains", "b.txt"), ("more_loras", "c.safetensors"), ("later", "d.xyz")):
        (base / "models" / folder).mkdir(parents=True, exist_ok=True)
        (base / "models" / folder / name).touch()
    with route_server(base, "routes_messages", "routes_prompts", "routes_folders") as found:
        yield found


def tell(text: str, way: str) -> dict[str, Any]:
    return {"7": {"class_type": "T Tell", "inputs": {"text": text, "way": way}}}


def shown(text: str) -> dict[str, Any]:
    return {"1": {"class_type": "T Shown", "inputs": {"text": text}}}


def outputs(server: RouteServer, prompt: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Run a prompt; return what its nodes show."""
    entry = server.live.wait_until_over(server.live.queue(prompt, **others))
    assert entry["status"]["status_str"] == "success", entry
    found: dict[str, Any] = entry["outputs"]
    return found


@contextmanager
def two_clients(server: RouteServer) -> Iterator[tuple[WebSocket, WebSocket]]:
    with open_socket(server.live.port, "me") as me, open_socket(server.live.port, "you") as you:
        yield me, you


def test_a_message_reaches_one_client_or_all(server: RouteServer) -> None:
    with two_clients(server) as (me, you):
        outputs(server, tell("hello", "mine"), client_id="me")
        assert me.wait_for(EVENT) == {"text": "hello", "node": "7"}
        outputs(server, tell("everybody", "all"), client_id="me")
        assert me.wait_for(EVENT) == you.wait_for(EVENT) == {"text": "everybody"}


def test_threads_of_a_node_may_speak_at_once(server: RouteServer) -> None:
    with two_clients(server) as (me, _):
        outputs(server, tell("t", "thread"), client_id="me")
        assert sorted(me.wait_for(EVENT)["text"] for _ in range(8)) == [f"t {number}" for number in range(8)]


def test_binary_messages_arrive_as_they_are(server: RouteServer) -> None:
    with two_clients(server) as (me, you):
        outputs(server, tell("soon", "text"), client_id="me")
        assert me.wait_for_binary() == b"\0\0\0\3" + b"\0\0\0\1" + b"7" + b"soon"
        outputs(server, tell("raw", "binary"), client_id="me")
        assert me.wait_for_binary() == you.wait_for_binary() == b"\0\0\0\3raw"


def test_routes_speak_too_and_know_who_is_there(server: RouteServer) -> None:
    with two_clients(server) as (me, you):
        assert server.ask("POST", "/messages/send", {"text": "x", "sid": "you"}).json == ["me", "you"]
        assert server.ask("POST", "/messages/send", {"text": "y"}).status == 200
        assert (me.wait_for(EVENT), you.wait_for(EVENT)) == ({"text": "y"}, {"text": "x"})
        assert server.get("/messages/metadata").json["me"] == {"feature_flags": {}}


def test_a_pack_changes_prompts_before_they_are_checked(server: RouteServer) -> None:
    assert outputs(server, shown("change me")) == {"1": {"text": ["changed"]}}
    assert outputs(server, shown("leave me")) == {"1": {"text": ["leave me"]}}
    refused = server.ask("POST", "/prompt", "{", Content_Type="application/json")
    assert (refused.status, refused.json["error"]["type"]) == (400, "invalid_prompt")


def test_a_pack_looks_at_the_queue_and_adds_to_it(server: RouteServer) -> None:
    long = server.live.queue({"1": {"class_type": "Count", "inputs": {"seconds": 1000}}})
    server.live.wait_for("/queue", lambda queue: queue["queue_running"])
    waiting = server.live.queue(shown("waits"))
    found = server.get("/prompts/queue").json
    assert (found["running"], found["pending"], found["remaining"]) == ([long], [waiting], 2)
    assert found["currently_running"] == [long]
    put = str(uuid.uuid4())
    asked = {"id": put, "prompt": shown("put"), "outputs": ["1"]}
    assert server.ask("POST", "/prompts/put", asked).json["number"] > 0
    assert put in server.get("/prompts/queue").json["pending"]
    wrong = server.ask(
        "POST", "/prompts/put", {**asked, "id": str(uuid.uuid4()), "prompt": {"1": {"class_type": "No"}}}
    )
    assert wrong.status == 500
    server.live.wait_for("/health", lambda _: any("The prompt is not queued" in line for line in server.live.said))
    server.live.post("/interrupt", {})
    assert server.live.wait_until_over(put)["outputs"] == {"1": {"text": ["put"]}}
    assert server.get("/prompts/queue").json["history"][put] == "success"
    assert server.ask("POST", "/prompts/clear").json is False
    assert server.get("/prompts/queue").json["history"] == {}


def test_a_pack_knows_how_the_server_was_started(server: RouteServer) -> None:
    found = server.get("/prompts/launch").json
    assert (found["port"], found["args"]) == (server.live.port, server.live.port)
    assert (found["listen"], found["address"]) == ("127.0.0.1", "127.0.0.1")
    assert found["user"] == str(server.base / "user" / "default" / "prompts" / "x.json")


def test_the_server_knows_folders_and_endings_that_packs_add(server: RouteServer) -> None:
    assert "rains" in server.get("/models").json
    assert server.get("/models/rains").json == ["a.rain"]
    assert server.get("/models/loras").json == ["c.safetensors"]
    places = {each["name"]: each for each in server.get("/experiment/models").json}
    assert places["rains"]["extensions"] == [".rain"]
    widget = server.live.get("/object_info/T%20Rain")["T Rain"]["input"]["required"]["rain"]
    assert widget[0] == ["a.rain"]
    assert "c.safetensors" in json.dumps(server.live.get("/object_info/LoraLoader"))
    path = str(server.base / "models" / "rains" / "a.rain")
    assert outputs(server, {"1": {"class_type": "T Rain", "inputs": {"rain": "a.rain"}}}) == {"1": {"text": [path]}}


def test_a_folder_that_a_node_adds_is_known_at_once(server: RouteServer) -> None:
    assert server.get("/models/later").status == 404
    server.live.wait_until_over(server.live.queue({"1": {"class_type": "T AddsLater", "inputs": {"kind": "later"}}}))
    assert server.get("/models/later").json == ["d.xyz"]


def test_folders_of_scripts_are_served(server: RouteServer) -> None:
    scripts = server.live.get("/extensions")
    for name, script in (("routes_folders", "web.js"), ("routes_more", "more.js")):
        assert f"/extensions/{name}/{script}" in scripts
        assert server.get(f"/extensions/{name}/{script}").text.startswith("export const")


def test_a_prompt_waits_for_no_dead_worker(server: RouteServer) -> None:
    server.live.worker().kill()
    answer = server.ask("POST", "/prompt", {"prompt": shown("change me")})
    if answer.status != 200:  # the server had noticed
        assert answer.status == 503
        assert "Node packs want to see each prompt" in answer.json["error"]["details"]
    server.until("/prompts/queue", lambda answer: answer.status == 200)
    assert outputs(server, shown("change me")) == {"1": {"text": ["changed"]}}
