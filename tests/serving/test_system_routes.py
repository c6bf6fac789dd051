"""Facts of the system: what a client asks for once, in ComfyUI's shapes."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse

from graph.protocol import Ready
from tests.serving.file_server import FileServer, serving

DEVICE = {"name": "cpu", "type": "cpu", "index": None, "vram_total": 8, "vram_free": 4}
STATS = {"pytorch_version": "2.13.0", "devices": [DEVICE]}
# What clients may look for in ComfyUI 0.33's /system_stats.
SYSTEM_KEYS = {
    "os",
    "ram_total",
    "ram_free",
    "comfyui_version",
    "required_frontend_version",
    "installed_templates_version",
    "required_templates_version",
    "comfy_package_versions",
    "python_version",
    "pytorch_version",
    "embedded_python",
    "deploy_environment",
    "argv",
}


def test_the_system_is_described_with_what_the_worker_says(tmp_path: Path) -> None:
    with serving(tmp_path, STATS, argv=("main.py", "--cpu")) as server:
        stats = server.get("/system_stats").json
    assert set(stats["system"]) >= SYSTEM_KEYS
    assert stats["system"]["argv"][:2] == ["main.py", "--cpu"]
    assert 0 < stats["system"]["ram_free"] <= stats["system"]["ram_total"]
    assert stats["system"]["pytorch_version"] == "2.13.0"
    assert stats["devices"] == [DEVICE]


def test_without_a_worker_there_are_no_devices_and_later_those_that_it_told(server: FileServer) -> None:
    found = server.get("/system_stats").json
    assert (found["devices"], found["system"]["pytorch_version"]) == ([], None)
    server.call(lambda: server.worker.say(Ready(1, STATS)))
    assert server.get("/system_stats").json["devices"] == [DEVICE]


def test_features_are_told(tmp_path: Path) -> None:
    with serving(tmp_path, features={"show_signin_button": True, "assets": True}) as server:
        features = server.get("/api/features").json
    assert features["max_upload_size"] == server.site.settings.max_upload_bytes
    assert (features["show_signin_button"], features["assets"]) == (True, False)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/assets", "/api/assets/a/content", "/api/tags"])
def test_assets_are_switched_off_in_comfyuis_words(server: FileServer, method: str, path: str) -> None:
    answer = server.ask(method, path)
    assert (answer.status, answer.json["error"]["code"]) == (503, "SERVICE_DISABLED")


def test_files_are_listed_the_latest_first_without_hidden_ones(server: FileServer) -> None:
    assert server.get("/internal/files/output").json == []
    server.folders.output.mkdir()
    for time, name in enumerate(("old.png", ".hidden", "new.png")):
        (server.folders.output / name).write_bytes(b"")
        os.utime(server.folders.output / name, (time, time))
    assert server.get("/internal/files/output").json == ["new.png [output]", "old.png [output]"]
    assert server.get("/internal/files/models").status == 400


class TestLog:
    def test_the_log_is_shown_as_a_text_and_as_entries(self, server: FileServer) -> None:
        server.call(lambda: server.site.log.append("Loading"))
        (entry,) = server.get("/internal/logs/raw").json["entries"]
        assert entry["m"] == "Loading\n"
        assert server.get("/internal/logs").json == f"{entry['t']} - Loading\n"
        assert set(server.get("/internal/logs/raw").json["size"]) == {"cols", "rows"}

    def test_a_client_hears_the_log_from_when_it_asks_until_it_does_not(self, server: FileServer) -> None:
        heard = asyncio.run(_hear(server))
        assert [[entry["m"] for entry in each["entries"]] for each in heard] == [["one\n", "two\n"], ["four\n"]]
        assert {each["size"] for each in heard} == {None}

    def test_who_is_gone_is_forgotten(self, server: FileServer) -> None:
        assert _subscribe(server, "nobody", True) == 200
        server.call(lambda: server.site.log.append("one"))
        assert server.ask("PATCH", "/internal/logs/subscribe", b"{}").status == 400


async def _hear(server: FileServer) -> list[dict[str, object]]:
    """Subscribe, hear two lines that come together, end it, miss one, subscribe again and hear one."""
    append = server.site.log.append
    async with (
        ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{server.port}/ws?clientId=me") as socket,
    ):
        assert await asyncio.to_thread(_subscribe, server, "me", True) == 200
        await asyncio.to_thread(server.call, lambda: (append("one"), append("two")))
        first = await _next_log(socket)
        await asyncio.to_thread(_subscribe, server, "me", False)
        await asyncio.to_thread(server.call, lambda: append("three"))
        await asyncio.to_thread(_subscribe, server, "me", True)
        await asyncio.to_thread(server.call, lambda: append("four"))
        return [first, await _next_log(socket)]


async def _next_log(socket: ClientWebSocketResponse) -> dict[str, object]:
    while True:
        message = await socket.receive_json(timeout=30)
        if message["type"] == "logs":
            data: dict[str, object] = message["data"]
            return data


def _subscribe(server: FileServer, client_id: str, is_on: bool) -> int:
    body = json.dumps({"clientId": client_id, "enabled": is_on})
    return server.ask("PATCH", "/internal/logs/subscribe", body).status
