"""Workflows on the server: saved under a name, found in the panel, opened as they were."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.web.editor_page import EditorPage


def test_a_workflow_is_saved_on_the_server_and_opened_again(editor: EditorPage, base: Path) -> None:
    editor.add_at(300, 200, "Empty Latent Image")
    editor.type_number("Empty Latent Image", "width", "128*3")
    editor.canvas.focus()
    editor.page.keyboard.press("Control+s")
    dialog = editor.page.get_by_role("dialog", name="Save as")
    dialog.get_by_role("textbox", name="Name").fill("tries/wide")
    dialog.get_by_role("button", name="Save").click()
    expect(editor.page.get_by_role("tab", name="wide", exact=True)).to_be_visible()
    [stored] = (base / "user").rglob("wide.json")
    before = json.loads(stored.read_text(encoding="utf-8"))
    assert [node["type"] for node in before["nodes"]] == ["EmptyLatent"]

    editor.canvas.focus()
    editor.page.keyboard.press("Alt+w")
    editor.expect_counts(0, 0)
    panel = editor.panel("Workflows")
    panel.get_by_role("treeitem", name="tries").click()
    panel.get_by_role("treeitem", name="wide").click()
    editor.expect_counts(1, 0)
    expect(editor.widget("Empty Latent Image", "width")).to_have_attribute("aria-valuenow", "384")
    editor.type_number("Empty Latent Image", "height", "64")
    expect(editor.page.get_by_role("tab", name="wide, not saved")).to_be_visible()
    editor.canvas.focus()
    editor.page.keyboard.press("Control+s")
    expect(editor.page.get_by_role("tab", name="wide", exact=True)).to_be_visible()
    after = json.loads(stored.read_text(encoding="utf-8"))
    assert after["nodes"][0]["widgets_values"][:2] == [384, 64]
