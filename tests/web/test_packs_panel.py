"""A pack that fails is told in its panel, at its nodes and among what is missing, until it is mended."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.serving.live_server import live_server
from tests.web.editor_page import EditorPage
from tests.web.example_pack import write_example_pack

NODE = {"id": 1, "type": "Rate", "pos": [400, 200], "size": [270, 90], "widgets_values": [2, "fair"]}
DOCUMENT = {"last_node_id": 1, "last_link_id": 0, "nodes": [NODE], "links": [], "groups": [], "version": 0.4}


def test_a_failed_pack_is_told_wherever_it_is_missed_until_it_is_mended(page: Page, tmp_path: Path) -> None:
    base = tmp_path / "base"
    pack = write_example_pack(base / "custom_nodes" / "rating")
    (pack / "pyproject.toml").unlink()  # web/ is the usual place of scripts; a pack that fails has none
    whole = (pack / "__init__.py").read_text(encoding="utf-8")
    (pack / "__init__.py").write_text("import no_such_library\n" + whole, encoding="utf-8")
    file = tmp_path / "rated.json"
    node = {**NODE, "properties": {"cnr_id": "rating"}}
    file.write_text(json.dumps({**DOCUMENT, "nodes": [node]}), encoding="utf-8")
    editor = EditorPage(page, "")
    with live_server(base) as server:
        server.wait_until_ready()
        editor.url = server.url
        editor.open()
        button = page.get_by_role("toolbar", name="Panels").get_by_role("button", name="Node packs", exact=True)
        expect(button).to_have_accessible_description("1 pack has failed")
        panel = editor.panel("Node packs")
        expect(panel).to_contain_text("failed")
        expect(panel).to_contain_text("rating/__init__.py:1")
        expect(panel).to_contain_text("no_such_library")
        expect(panel.locator("pre")).to_be_hidden()
        panel.get_by_text("Traceback", exact=True).click()
        expect(panel.locator("pre")).to_contain_text("import no_such_library")
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as over plain HTTP
        panel.get_by_role("button", name="Copy what is wrong with rating").click()
        expect(page.get_by_text("Copied.", exact=True)).to_be_visible()

        editor.drop_file(file)
        editor.expect_counts(1, 0)
        problem = editor.node("Rate").get_by_role("alert")
        expect(problem).to_contain_text(
            "This node is of the pack rating, with which something is wrong: ModuleNotFoundError"
        )
        editor.command("What is missing")
        dialog = page.get_by_role("dialog", name="What is missing")
        expect(dialog).to_contain_text("It is of the pack rating, with which something is wrong: ModuleNotFoundError")
        dialog.get_by_role("button", name="See the pack").click()
        expect(dialog).to_be_hidden()
        expect(panel).to_be_visible()
        (pack / "__init__.py").write_text(whole, encoding="utf-8")
        server.kill()
    with live_server(base, server.port) as again:
        again.wait_until_ready()
        editor.wait_until_connected()
        expect(panel).to_contain_text("loaded")
        expect(problem).to_have_count(0)
        expect(button).to_have_accessible_description("")
        expect(editor.node("Rate")).to_contain_text("★★☆☆☆")
        assert editor.document()["nodes"][0]["widgets_values"] == [2, "fair"]
