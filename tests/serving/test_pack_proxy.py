"""Which requests go to packs, what packs see of them, and what is answered while the worker is away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from graph.protocol import Inquiry, ModelPlaces, PackRoutes, Ready, Reply
from serving.access import ACCESS, Access
from serving.gate import cookie_name
from serving.pack_routes import Mount, PackRoute, RouteIndex, RouteTable
from serving.passing_on import headers_for_pack, target_for_pack
from serving.routing import collect_routes
from serving.workers import Died
from tests.serving.file_server import FileServer, serving

RAIN = {"method": "GET", "path": "/rain/names", "prefix": None}


def table(*routes: tuple[str, str, str | None], pack: str = "rain") -> RouteTable:
    return RouteTable("secret", (Mount(pack, "/x.sock", tuple(PackRoute(*route) for route in routes)),))


def told(*routes: dict[str, Any], address: str = "/no/such.sock") -> PackRoutes:
    document = {"secret": "s", "mounts": [{"pack": "rain", "address": address, "routes": routes}], "on_prompt": None}
    return PackRoutes(json.dumps(document).encode())


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FileServer]:
    """A server with a pack in its folder, whose worker has told nothing."""
    (tmp_path / "custom_nodes" / "rain").mkdir(parents=True)
    with serving(tmp_path) as found:
        yield found


def test_the_route_that_is_written_out_furthest_is_asked() -> None:
    routes = RouteIndex(
        table(("GET", "/a/{b}", "/a/"), ("GET", "/a/b", None), ("GET", "/a/b/{c}", "/a/b/"), ("*", "/view", None))
    )

    def path(method: str, asked: str) -> str | None:
        found = routes.find(method, asked)
        return None if found is None else found.route.path

    assert path("GET", "/a/b") == "/a/b"
    assert path("GET", "/a/x") == "/a/{b}"
    assert path("GET", "/a/b/c") == "/a/b/{c}"
    assert path("POST", "/a/b") is None
    assert path("DELETE", "/view") == "/view"
    assert path("GET", "/view/x") is None


def test_routes_that_the_server_has_itself_are_named() -> None:
    found = table(
        ("GET", "/queue", None),
        ("HEAD", "/queue", None),
        ("GET", "/api/queue", None),
        ("POST", "/queue2", None),
        ("GET", "/models/{kind}", "/models/"),
    ).clashes(collect_routes())
    assert found == {
        "rain": [
            "Its route GET /queue is never asked: the server has one of its own there.",
            "Its route GET /models/{kind} is never asked: the server has one of its own there.",
        ]
    }


def test_until_the_worker_has_told_a_request_may_be_for_a_pack(files: FileServer) -> None:
    early = files.get("/rain/names")
    assert (early.status, early.headers["Retry-After"]) == (503, "5")
    assert b"starting" in early.body
    assert files.get("/queue").status == 200
    files.call(lambda: files.worker.say(told(RAIN)))
    assert files.get("/rain/nothing").status == 404


def test_without_packs_nothing_is_waited_for(server: FileServer) -> None:
    assert server.get("/rain/names").status == 404


def test_while_the_worker_is_away_its_routes_are_known(files: FileServer) -> None:
    files.call(lambda: files.worker.say(told(RAIN)))
    files.call(lambda: files.worker.say(Died("It fell.")))
    for path in ("/rain/names", "/rain/names?x=1"):
        away = files.get(path)
        assert (away.status, away.headers["Retry-After"]) == (503, "5")
    assert files.get("/rain/other").status == 404


def test_a_place_where_nobody_listens_is_an_answer_too(files: FileServer) -> None:
    files.call(lambda: files.worker.say(told(RAIN)))
    assert files.get("/rain/names").status == 503
    files.call(lambda: files.worker.say(told(RAIN, address="127.0.0.1:9")))
    assert files.get("/rain/names").status == 503


def test_packs_do_not_learn_who_may_use_the_server() -> None:
    app = web.Application()
    app[ACCESS] = Access("", None, lambda: 0.0)
    headers = {
        "Authorization": "Bearer secret token",
        "Host": "h:80",
        "Transfer-Encoding": "chunked",
        "X-Weft-Remote": "me",
    }
    request = make_mocked_request("GET", "/rain?token=secret&a=%2F", headers=headers, app=app)
    headers["Cookie"] = f"{cookie_name(request)}=session; theirs=kept"
    request = make_mocked_request("GET", "/rain?token=secret&a=%2F", headers=headers, app=app)
    passed = headers_for_pack(request, "s")
    assert passed["Cookie"] == "theirs=kept"
    assert "Authorization" not in passed
    assert "Transfer-Encoding" not in passed
    assert passed.getall("X-Weft-Remote") == [request.remote or ""]
    assert passed["Host"] == "h:80"
    assert str(target_for_pack(request)) in ("/rain?a=%2F", "/rain?a=/")


def test_without_a_token_all_is_passed_on() -> None:
    request = make_mocked_request(
        "GET", "/rain?token=theirs", headers={"Authorization": "Basic x"}, app=web.Application()
    )
    assert headers_for_pack(request, "s")["Authorization"] == "Basic x"
    assert str(target_for_pack(request)) == "/rain?token=theirs"


def test_places_of_models_are_those_that_the_worker_tells(files: FileServer, tmp_path: Path) -> None:
    (tmp_path / "rains").mkdir()
    for name in ("a.rain", "b.snow"):
        (tmp_path / "rains" / name).touch()

    def tell(*endings: str) -> None:
        places = {"rains": [[str(tmp_path / "rains")], endings], "custom_nodes": [[], []]}
        files.call(lambda: files.worker.say(ModelPlaces(json.dumps(places).encode())))

    tell(".rain")
    assert files.get("/models").json == ["rains", "custom_nodes"]
    assert files.get("/models/rains").json == files.site.nodes.names("rains") == ["a.rain"]
    tell(".rain", ".snow")
    assert files.get("/models/rains").json == files.site.nodes.names("rains") == ["a.rain", "b.snow"]


def test_questions_of_packs_are_answered_with_a_value_or_a_sentence(files: FileServer) -> None:
    files.call(lambda: files.worker.say(Ready(1)))
    asked = [
        Inquiry(1, "remaining"),
        Inquiry(2, "no such thing"),
        Inquiry(3, "history", {"prompt_id": None, "max_items": None, "offset": -1}),
        Inquiry(4, "history"),
    ]
    for inquiry in asked:
        files.call(lambda inquiry=inquiry: files.worker.say(inquiry))
    files.get("/queue")  # until then the loop has answered
    replies = {reply.request_id: reply for reply in files.worker.sent if isinstance(reply, Reply)}
    assert (replies[1].payload, replies[1].error) == (b"0", None)
    assert replies[2].error == 'The server knows no question "no such thing".'
    assert (replies[3].payload, replies[3].error) == (b"{}", None)
    assert "cannot be answered" in (replies[4].error or "")
