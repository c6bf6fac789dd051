"""The canvas: what is moved into sight gets elements, and a browser keeps all of them in one layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.web.editor_page import EditorPage

COUNT, COLUMNS = 100, 10
FEW = 24  # layers that the page has for other things: 14 when it was counted


def grid() -> dict[str, Any]:
    """Return a document of samplers in rows."""
    nodes = [
        {
            "id": number + 1,
            "type": "KSampler",
            "title": f"Sampler {number + 1}",
            "pos": [number % COLUMNS * 340, number // COLUMNS * 360],
            "size": [300, 262],
            "flags": {},
            "order": number,
            "mode": 0,
            "properties": {},
            "widgets_values": [number, "fixed", 20, 7.0, "euler", "normal", 1.0],
        }
        for number in range(COUNT)
    ]
    return {"last_node_id": COUNT, "last_link_id": 0, "nodes": nodes, "links": [], "groups": [], "version": 0.4}


def open_grid(editor: EditorPage, folder: Path) -> None:
    """Open the document and look at its middle at 100%."""
    path = folder / "grid.json"
    path.write_text(json.dumps(grid()), encoding="utf-8")
    editor.drop_file(path)
    editor.expect_counts(COUNT, 0)
    editor.canvas.focus()
    editor.page.keyboard.press("Alt+0")
    expect(editor.node("Sampler 46")).to_be_visible()
    editor.page.mouse.move(800, 500)


def layers_while_moving(page: Page) -> int:
    """Return how many layers the browser's compositor has after the next move."""
    session = page.context.new_cdp_session(page)
    counts: list[int] = []
    session.on("LayerTree.layerTreeDidChange", lambda told: counts.append(len(told.get("layers", []))))
    session.send("DOM.enable")
    session.send("LayerTree.enable")
    while not any(counts):
        page.mouse.wheel(12, 3)
        page.evaluate("() => new Promise(requestAnimationFrame)")
    session.detach()
    return max(counts)


def test_nodes_moved_into_sight_get_elements_when_the_camera_rests(editor: EditorPage, tmp_path: Path) -> None:
    open_grid(editor, tmp_path)
    last = editor.node(f"Sampler {COUNT}")
    expect(last).to_be_hidden()
    for _ in range(6):
        editor.page.mouse.wheel(250, 250)
    expect(last).to_be_visible()
    expect(editor.widget(f"Sampler {COUNT}", "steps")).to_have_attribute("aria-valuenow", "20")


def test_nodes_have_no_elements_from_afar_and_get_them_back(editor: EditorPage, tmp_path: Path) -> None:
    open_grid(editor, tmp_path)
    for _ in range(4):
        editor.page.keyboard.press("Alt+-")
    expect(editor.node("Sampler 46")).to_be_hidden()
    editor.page.keyboard.press("Alt+0")
    expect(editor.node("Sampler 46")).to_be_visible()


def test_nodes_are_one_layer_of_the_browser_while_they_move(editor: EditorPage, tmp_path: Path) -> None:
    open_grid(editor, tmp_path)
    assert layers_while_moving(editor.page) < FEW
