"""What node packs bring for browsers is found in their folders, in ComfyUI's shapes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from serving.packs import merge
from tests.serving.file_server import FileServer, serving

FILES = {
    "pack a/locales/en/main.json": '{"greeting": "hello", "list": [1], "deep": {"a": 1}}',
    "pack a/locales/en/commands.json": '{"run": "Run"}',
    "pack a/locales/de/settings.json": '{"x": "y"}',
    "pack a/example_workflows/one.json": "{}",
    "pack a/example_workflows/one.jpg": "picture",
    "pack a/workflows/two.json": "[]",
    "pack a/subgraphs/blur.json": '{"definitions": {}}',
    "pack b/locales/en/main.json": '{"list": [2], "deep": {"b": 2}}',
    "pack b/locales/fr/main.json": "{broken",
    "off.disabled/example_workflows/three.json": "{}",
    ".hidden/example_workflows/four.json": "{}",
}


@pytest.fixture
def packed(server: FileServer) -> FileServer:
    """A server with two packs, one that is switched off and a hidden folder."""
    for name, text in FILES.items():
        path = server.folders.base / "custom_nodes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return server


def test_without_packs_there_is_nothing(server: FileServer) -> None:
    for path in ("i18n", "workflow_templates", "global_subgraphs", "node_replacements"):
        assert server.get(f"/{path}").json == {}
    assert server.get("/extensions").json == []


def test_translations_of_packs_are_merged_by_language(packed: FileServer) -> None:
    assert packed.get("/i18n").json == {
        "en": {"greeting": "hello", "list": [1, 2], "deep": {"a": 1, "b": 2}, "commands": {"run": "Run"}},
        "de": {"settings": {"x": "y"}},
    }


def test_later_values_replace_those_of_another_kind() -> None:
    assert merge({"a": {"b": 1}, "c": [1]}, {"a": 2, "c": {"d": 3}}) == {"a": 2, "c": {"d": 3}}


def test_examples_are_listed_and_sent(packed: FileServer) -> None:
    assert packed.get("/workflow_templates").json == {"pack a": ["one", "two"]}
    for name, body in (("one.json", b"{}"), ("one.jpg", b"picture"), ("two.json", b"[]")):
        answer = packed.get(f"/api/workflow_templates/pack%20a/{name}")
        assert (answer.status, answer.body, answer.headers["X-Content-Type-Options"]) == (200, body, "nosniff")
    for path in ("pack%20a/none.json", "pack%20b/one.json", "off.disabled/three.json", ".hidden/four.json"):
        assert packed.get(f"/workflow_templates/{path}").status == 404
    assert packed.get("/workflow_templates/pack%20a/..%2Flocales%2Fen%2Fmain.json").status == 403


def test_subgraphs_are_listed_without_and_sent_with_their_graphs(packed: FileServer) -> None:
    ((key, entry),) = packed.get("/global_subgraphs").json.items()
    assert entry == {"source": "custom_node", "name": "blur", "info": {"node_pack": "custom_nodes.pack a"}}
    assert packed.get(f"/global_subgraphs/{key}").json == {**entry, "data": '{"definitions": {}}'}
    assert packed.get("/global_subgraphs/none").json is None


class TestScripts:
    @pytest.fixture
    def scripted(self, tmp_path: Path) -> Path:
        for name in ("front/extensions/core/a.js", "front/extensions/core/a.css", "secret.js"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("export {}")
        (tmp_path / "front" / "index.html").write_text("<!doctype html>")
        return tmp_path

    def test_scripts_of_the_front_end_are_listed_and_sent_as_what_they_are(self, scripted: Path) -> None:
        with serving(scripted, front_end_root=scripted / "front") as server:
            assert server.get("/extensions").json == ["/extensions/core/a.js"]
            answer = server.get("/extensions/core/a.js")
            assert (answer.status, answer.headers["Content-Type"]) == (200, "text/javascript")
            assert server.get("/extensions/core/a.css").headers["Content-Type"] == "text/css"

    @pytest.mark.parametrize(
        "path", ["../secret.js", "../../../secret.js", "/etc/passwd", "..\\..\\x", "\x00", "none.js"]
    )
    def test_nothing_outside_is_sent(self, scripted: Path, path: str) -> None:
        with serving(scripted, front_end_root=scripted / "front") as server:
            assert server.get(f"/extensions/core/{quote(path, safe='')}").status in (403, 404)
