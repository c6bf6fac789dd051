"""Scripts of packs for this editor are listed and sent, and ComfyUI's editor is not told of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from graph.protocol import Packs
from tests.serving.file_server import FileServer

LIST = "/api/v1/editor-extensions"
FILES = {
    "demo/web/weft/demo.js": "import './parts/helper.js';",
    "demo/web/weft/parts/helper.js": "export {};",
    "demo/web/weft/icon.svg": "<svg/>",
    "demo/web/comfy.js": "export {};",
    "demo/secret.txt": "secret",
    "named/pyproject.toml": '[tool.weft]\nweb = "browser"\n',
    "named/browser/weft/named.js": "export {};",
    "leading_out/pyproject.toml": '[tool.weft]\nweb = "../demo/web"\n',
    "unreadable/pyproject.toml": "[tool.weft",
    "unreadable/web/weft/x.js": "export {};",
    "plain/web/only_comfy.js": "export {};",
    "off.disabled/web/weft/off.js": "export {};",
}


@pytest.fixture
def packed(server: FileServer) -> FileServer:
    """A server with packs of many kinds."""
    for name, text in FILES.items():
        path = server.folders.base / "custom_nodes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return server


def report(name: str, state: str) -> dict[str, object]:
    lists = {"nodes": [], "problems": [], "notes": []}
    return {"name": name, "path": name, "version": None, "kind": "weft", "state": state, "seconds": 0.0, **lists}


def listed(server: FileServer) -> dict[str, dict[str, object]]:
    return {each["pack"]: each for each in server.get(LIST).json}


def test_packs_with_scripts_for_this_editor_are_listed(packed: FileServer) -> None:
    assert {pack: each["scripts"] for pack, each in listed(packed).items()} == {
        "demo": ["demo.js"],
        "named": ["named.js"],
    }


def test_comfyui_s_editor_is_told_of_the_other_scripts_only(packed: FileServer) -> None:
    folder = packed.folders.base / "custom_nodes" / "demo" / "web"
    told = {"packs": [report("demo", "loaded")], "web_folders": {"Demo Pack": str(folder)}}
    packed.call(lambda: packed.site.packs.hear(Packs(json.dumps(told).encode())))
    assert packed.get("/extensions").json == ["/extensions/Demo%20Pack/comfy.js"]
    assert sorted(listed(packed)) == ["Demo Pack", "named"]  # each folder once, under the name that it is served by


@pytest.mark.parametrize("state", ["failed", "disabled"])
def test_scripts_of_packs_that_are_not_loaded_are_left_out(packed: FileServer, state: str) -> None:
    told = {"packs": [report("demo", state), report("named", "partly")], "web_folders": {}}
    packed.call(lambda: packed.site.packs.hear(Packs(json.dumps(told).encode())))
    assert sorted(listed(packed)) == ["named"]
    assert packed.get(f"{LIST}/demo/1/demo.js").status == 404


def test_files_are_sent_as_what_they_are_under_any_version(packed: FileServer) -> None:
    version = listed(packed)["demo"]["version"]
    for path, kind in (
        ("demo.js", "text/javascript"),
        ("parts/helper.js", "text/javascript"),
        ("icon.svg", "image/svg"),
    ):
        for each in (version, "older"):
            answer = packed.get(f"{LIST}/demo/{each}/{path}")
            assert (answer.status, answer.body.decode()) == (200, FILES[f"demo/web/weft/{path}"])
            assert answer.headers["Content-Type"].startswith(kind)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_version_changes_with_any_file_of_the_scripts(packed: FileServer) -> None:
    before = listed(packed)
    helper = packed.folders.base / "custom_nodes" / "demo" / "web" / "weft" / "parts" / "helper.js"
    os.utime(helper, ns=(1, 1))
    after = listed(packed)
    assert after["demo"]["version"] != before["demo"]["version"]
    assert after["named"] == before["named"]


@pytest.mark.parametrize(
    "path", ["../comfy.js", "../../secret.txt", "/etc/passwd", "..\\..\\secret.txt", "\x00", "none.js", "parts"]
)
def test_nothing_outside_is_sent(packed: FileServer, path: str) -> None:
    assert packed.get(f"{LIST}/demo/1/{quote(path, safe='')}").status in (403, 404)


def test_a_link_that_leads_out_is_not_followed(packed: FileServer, tmp_path: Path) -> None:
    (tmp_path / "outside.js").write_text("export {};")
    link = packed.folders.base / "custom_nodes" / "demo" / "web" / "weft" / "link.js"
    link.symlink_to(tmp_path / "outside.js")
    assert packed.get(f"{LIST}/demo/1/link.js").status == 403


@pytest.mark.parametrize("pack", ["plain", "off", "off.disabled", "unreadable", "leading_out", ".."])
def test_packs_without_such_scripts_have_none(packed: FileServer, pack: str) -> None:
    assert packed.get(f"{LIST}/{quote(pack)}/1/off.js").status == 404
