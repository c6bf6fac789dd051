"""Routes of node packs, asked through a real server: they run in its worker."""

from __future__ import annotations

import hashlib
import http.client
import socket
from collections.abc import Iterator

import pytest

from tests.serving.file_server import BOUNDARY, form
from tests.serving.live_server import START_S
from tests.serving.route_server import RouteServer, route_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RouteServer]:
    """A server with a pack that adds routes of every kind."""
    with route_server(tmp_path_factory.mktemp("base"), "routes_plain") as found:
        yield found


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_route_answers_at_its_path_and_below_api(server: RouteServer, prefix: str) -> None:
    answer = server.get(
        f"{prefix}/plain/hello/a%20b?x=1&y=%26", X_Mine="1", Connection="close, X-Mine-Too", X_Mine_Too="2"
    )
    assert (answer.status, answer.headers["X-Plain"]) == (200, "yes")
    found = answer.json
    assert (found["name"], found["query"]) == ("a b", {"x": "1", "y": "&"})
    assert found["path"] == f"{prefix}/plain/hello/a b"
    assert (found["host"], found["remote"]) == (f"127.0.0.1:{server.live.port}", "127.0.0.1")
    assert "X-Mine" in found["headers"]
    assert "X-Mine-Too" not in found["headers"], "what a Connection header names is for one connection"
    assert not [name for name in found["headers"] if name.startswith("X-Weft")]


def test_bodies_and_methods(server: RouteServer) -> None:
    answer = server.ask("POST", "/plain/json", {"a": [1, "ü"]})
    assert (answer.status, answer.json) == (201, {"got": {"a": [1, "ü"]}})
    for method in ("PUT", "PATCH", "DELETE"):
        assert server.ask(method, "/plain/thing").text == method
    assert server.ask("POST", "/plain/thing").status == 405
    assert server.get("/plain/view").text == "view"
    assert server.ask("HEAD", "/plain/page").body == b""
    redirect = server.get("/plain/redirect")
    assert (redirect.status, redirect.headers["Location"]) == (302, "/plain/view")


def test_files_are_uploaded(server: RouteServer) -> None:
    data = bytes(range(256)) * 10_000
    body = form("cat.png", data, {"note": "hi"}).replace(b'name="image"', b'name="file"')
    answer = server.ask("POST", "/plain/upload", body, Content_Type=f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.json == {"name": "cat.png", "sha": hashlib.sha256(data).hexdigest(), "note": "hi"}


def test_bodies_of_unknown_length_are_passed_on_in_pieces(server: RouteServer) -> None:
    pieces = iter([b"x" * 70_000] * 100)
    answer = server.ask("POST", "/plain/count", pieces, Transfer_Encoding="chunked", Content_Type="application/x-test")
    assert answer.json == {"nbytes": 7_000_000}


def test_a_body_has_a_limit_also_without_a_length(server: RouteServer) -> None:
    answer = server.ask("POST", "/plain/count", b"", Content_Length=str(200 * 2**20))
    assert answer.status == 413
    pieces = (b"x" * 2**20 for _ in range(150))
    try:
        answer = server.ask("POST", "/plain/count", pieces, Transfer_Encoding="chunked", Content_Type="a/b")
    except ConnectionError:
        return  # it was closed while we still wrote
    assert answer.status == 413
    assert "max-upload-size" in answer.text


def test_an_answer_comes_in_pieces_and_ends_when_the_client_goes(server: RouteServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.live.port, timeout=START_S)
    connection.request("GET", "/plain/stream")
    answer = connection.getresponse()
    assert [answer.readline() for _ in range(3)] == [b"0\n", b"1\n", b"2\n"]  # the handler has not ended
    answer.close()
    connection.close()
    server.until("/plain/streams", lambda found: found.json == ["left"])
    assert server.get("/plain/stream?pieces=5").text == "0\n1\n2\n3\n4\n"


def test_files_of_folders_are_served(server: RouteServer) -> None:
    for prefix in ("/plain/static", "/plain/table"):
        answer = server.get(f"{prefix}/plain.js")
        assert (answer.status, answer.text) == (200, "console.log('plain')\n")
        assert "javascript" in answer.headers["Content-Type"]
        assert server.get(f"{prefix}/plain.js", Range="bytes=0-6").text == "console"
        assert server.get(f"{prefix}/none.js").status == 404
        assert server.get(f"{prefix}/../__init__.py").status in (
            403,
            404,
        )  # not below this path: the editor's files answer


def test_the_application_holds_values_of_packs(server: RouteServer) -> None:
    assert server.get("/plain/added").text == "kept"


def test_what_a_route_raises_is_an_answer_and_stands_in_the_log(server: RouteServer) -> None:
    assert server.get("/plain/fails").status == 500
    server.live.wait_for("/health", lambda _: any("on purpose" in line for line in server.live.said))


def test_pages_of_packs_run_their_own_scripts_and_talk_to_this_server_only(server: RouteServer) -> None:
    policy = server.get("/plain/page").headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "connect-src 'self'" in policy


def test_our_own_routes_come_first_and_the_report_says_so(server: RouteServer) -> None:
    assert "queue_running" in server.get("/queue").json
    assert server.ask("POST", "/object_info").text == "a method that the server has not"
    assert server.get("/models/plain_special").json == "written out further than /models/{folder}"
    report = server.report("routes_plain")
    assert (report["state"], report["problems"]) == ("loaded", [])
    assert [note for note in report["notes"] if "GET /queue is never asked" in note]
    assert [note for note in report["notes"] if "middleware" in note]
    assert not [note for note in report["notes"] if "POST /object_info" in note or "/api/queue" in note]


def test_what_nobody_answers_is_not_there(server: RouteServer) -> None:
    assert server.get("/plain/nothing").status == 404
    assert server.get("/plain/hello/a/b").status == 404
    assert server.ask("POST", "/plain/nothing", {}).status in (404, 405)


def test_requests_of_other_pages_reach_no_pack(server: RouteServer) -> None:
    assert server.ask("POST", "/plain/json", {}, Origin="http://evil.example").status == 403
    assert server.get("/plain/view", Host="evil.example").status == 403


def test_sockets_are_refused_in_a_sentence(server: RouteServer) -> None:
    answer = server.get("/plain/socket", Connection="Upgrade", Upgrade="websocket")
    assert answer.status == 501
    assert "send_sync" in answer.text


def test_jobs_do_not_wait_for_a_request_and_requests_not_for_jobs(server: RouteServer) -> None:
    waiting = socket.create_connection(("127.0.0.1", server.live.port))
    waiting.sendall(b"GET /plain/waits HTTP/1.1\r\nHost: localhost\r\n\r\n")
    job_id = server.live.queue({"1": {"class_type": "Count", "inputs": {"seconds": 1000}}})
    server.live.wait_for("/queue", lambda queue: queue["queue_running"])
    assert server.get("/plain/view").text == "view"
    server.live.post("/interrupt", {})
    server.live.wait_until_over(job_id)
    waiting.close()


def test_a_pack_that_is_loaded_again_has_its_new_routes_only(server: RouteServer) -> None:
    code = """
from aiohttp import web
from server import PromptServer

@PromptServer.instance.routes.get("/again/{name}")
async def answer(request):
    return web.Response(text="NAME")

NODE_CLASS_MAPPINGS = {}
"""
    server.write("again.py", code.replace("NAME", "first"))
    server.until("/again/one", lambda answer: answer.text == "first")
    server.write("again.py", code.replace("NAME", "second").replace("/again/", "/other/"))
    server.until("/other/one", lambda answer: answer.text == "second")
    assert server.get("/again/one").status == 404
    server.write("again.py", code.replace("NAME", "third") + "\n(")
    server.until("/api/v1/packs", lambda _: server.report("again")["state"] == "partly")
    assert server.get("/other/one").text == "second", "a broken edit leaves what was"
    assert server.get("/plain/view").text == "view"
    (server.packs / "again.py").unlink()
    server.until("/other/one", lambda answer: answer.status == 404)


def test_a_worker_that_was_killed_is_waited_for(server: RouteServer) -> None:
    waiting = http.client.HTTPConnection("127.0.0.1", server.live.port, timeout=START_S)
    waiting.request("GET", "/plain/waits")
    server.until("/plain/view", lambda answer: answer.status == 200)
    server.live.worker().kill()
    lost = waiting.getresponse()
    assert lost.status == 503
    assert b"Try again" in lost.read()
    waiting.close()
    away = server.get("/api/plain/view")
    assert (away.status, away.headers["Retry-After"]) == (503, "5")
    assert "worker" in away.json["error"]
    server.until("/plain/view", lambda answer: answer.status == 200)
