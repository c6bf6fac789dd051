"""What packs add to ComfyUI's server is gathered, belongs to them, and becomes an application for each."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compat.routes.additions import added_web_folders, adds_to_server, prompt_server
from compat.routes.building import Built, RouteShape, build, parts_of

Load = Callable[..., ModuleType]
HANDLER = "async def answer(request):\n    pass\n"


def built(server: Any) -> dict[str | None, Built]:
    return {parts.owner.pack: build(server.app, parts) for parts in parts_of(server.app)}


def paths(found: Built) -> set[tuple[str, str]]:
    return {(route.method, route.path) for route in found.routes}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("server.routes.get('/a')(answer)", {("GET", "/a"), ("HEAD", "/a")}),
        ("server.routes.get('/a', allow_head=False)(answer)", {("GET", "/a")}),
        ("server.routes.post('/a/{b}')(answer)", {("POST", "/a/{b}")}),
        ("server.app.router.add_put('/a', answer)", {("PUT", "/a")}),
        ("server.app.router.add_route('PATCH', '/a', answer)", {("PATCH", "/a")}),
        ("server.app.router.add_resource('/a').add_route('DELETE', answer)", {("DELETE", "/a")}),
        ("server.app.router.add_get('/a', answer, name='x')", {("GET", "/a"), ("HEAD", "/a")}),
        ("server.app.add_routes([web.post('/a', answer), web.view('/b', web.View)])", {("POST", "/a"), ("*", "/b")}),
    ],
)
def test_each_way_to_add_a_route_leads_to_one(
    server: Any, load: Load, code: str, expected: set[tuple[str, str]]
) -> None:
    load("rain", f"from aiohttp import web\n{HANDLER}{code}")
    found = built(server)["rain"]
    assert paths(found) == expected | {(method, f"/api{path}") for method, path in expected}
    assert found.problems == ()


def test_how_far_a_path_is_written_out_is_told(server: Any, load: Load, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    load(
        "rain",
        f"{HANDLER}server.routes.static('/files', {str(tmp_path / 'files')!r})\n"
        "server.routes.post('/a/{b}/c')(answer)\nserver.routes.post('/whole')(answer)",
    )
    shapes = [shape for shape in built(server)["rain"].routes if not shape.path.startswith("/api")]
    assert set(shapes) == {
        RouteShape("GET", "/files", "/files/"),
        RouteShape("HEAD", "/files", "/files/"),
        RouteShape("POST", "/a/{b}/c", "/a/"),
        RouteShape("POST", "/whole", None),
    }


def test_a_route_that_cannot_be_is_left_out_with_a_sentence(server: Any, load: Load) -> None:
    load(
        "rain",
        f"{HANDLER}server.routes.get('no slash')(answer)\nserver.routes.get('/a')(answer)\nserver.routes.get('/a')(answer)\n"
        "server.routes.static('/files', '/no/such/folder')",
    )
    found = built(server)["rain"]
    assert ("GET", "/a") in paths(found)
    assert [problem.partition(" is left out")[0] for problem in found.problems] == [
        "The route GET no slash",
        "The route GET /a",
        "The route /files of the folder /no/such/folder",
    ]


def test_a_pack_that_is_loaded_again_has_only_what_it_added_then(server: Any, load: Load) -> None:
    load("rain", f"{HANDLER}server.routes.get('/old')(answer)\nserver.add_on_prompt_handler(lambda data: 'old')")
    load("snow", f"{HANDLER}server.routes.get('/snow')(answer)")
    before = {parts.owner.pack: parts for parts in parts_of(server.app)}
    first = sys.modules["custom_nodes.rain"]
    load("rain", f"{HANDLER}server.routes.get('/new')(answer)\nserver.on_prompt_handlers.append(lambda data: 'new')")
    after = {parts.owner.pack: parts for parts in parts_of(server.app)}
    assert ("GET", "/new") in paths(built(server)["rain"])
    assert ("GET", "/old") not in paths(built(server)["rain"])
    assert after["snow"] == before["snow"], "so that it is served on as it is"
    assert server.trigger_on_prompt({}) == "new"
    sys.modules["custom_nodes.rain"] = first  # a broken edit: the version from before is put back
    assert ("GET", "/old") in paths(built(server)["rain"])
    assert server.trigger_on_prompt({}) == "old"
    del sys.modules["custom_nodes.rain"]
    assert set(built(server)) == {"snow"}
    assert server.trigger_on_prompt({}) == {}


def test_packs_that_reach_into_the_table_do_no_harm(server: Any, load: Load) -> None:
    load("rain", f"{HANDLER}server.routes.get('/a')(answer)\nserver.routes._items = list(server.routes._items)")
    assert ("GET", "/a") in paths(built(server)[None])


def test_a_prompt_handler_that_fails_changes_nothing(server: Any, load: Load) -> None:
    load(
        "rain",
        "server.add_on_prompt_handler(lambda data: 1 / 0)\nserver.add_on_prompt_handler(lambda data: [*data, 1])",
    )
    assert server.trigger_on_prompt([0]) == [0, 1]


def test_it_is_known_which_pack_adds_something(server: Any, load: Load) -> None:
    load("rain", f"{HANDLER}server.routes.get('/a')(answer)")
    load("snow", "server.add_on_prompt_handler(print)")
    load("fog", "")
    assert prompt_server() is server
    assert [adds_to_server(f"custom_nodes.{name}") for name in ("rain", "snow", "fog")] == [True, True, False]


def test_folders_for_browsers_are_gathered(server: Any, load: Load) -> None:
    load("rain", "import nodes\nnodes.EXTENSION_WEB_DIRS['rain_js'] = '/some/folder'")
    assert added_web_folders() == {"rain_js": "/some/folder"}


def test_the_application_has_values_signals_and_a_limit(server: Any, load: Load) -> None:
    code = "server.app['rain'] = 1\nserver.app._client_max_size = 5\nserver.app.on_startup.append(start)\n"
    load("rain", f"{HANDLER}async def start(app): pass\n{code}server.routes.get('/a')(answer)")
    application = built(server)["rain"].application
    assert application["rain"] == 1
    assert [each.__name__ for each in application.on_startup][-1] == "start"
    assert server.app.frozen is False
    with pytest.raises(AttributeError, match='no "router_class" in Weft'):
        _ = server.app.router_class


def test_the_loop_may_be_called_from_any_thread(server: Any) -> None:
    done = threading.Event()

    async def work() -> None:
        assert asyncio.get_running_loop() is server.loop
        done.set()

    task = server.loop.create_task(work())
    assert done.wait(30)
    assert asyncio.run_coroutine_threadsafe(asyncio.wait_for(task, 30), server.loop).result(30) is None


def test_nothing_runs_until_a_pack_wants_it(server: Any, load: Load) -> None:
    load("rain", f"{HANDLER}server.routes.get('/a')(answer)")
    assert "loop" not in vars(server)
