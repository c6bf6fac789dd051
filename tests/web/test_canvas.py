"""The canvas: what is moved into sight, and how much a browser has to keep apart to move it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.web.editor_page import EditorPage

COLUMNS = 10


def grid(count: int) -> dict[str, Any]:
    """Return a document of samplers in rows, one of them muted."""
    nodes = [
        {
            "id": number + 1,
            "type": "KSampler",
            "title": f"Sampler {number + 1}",
            "pos": [number % COLUMNS * 340, number // COLUMNS * 360],
            "size": [300, 262],
            "flags": {},
            "order": number,
            "mode": 2 if number == 1 else 0,
            "properties": {},
            "widgets_values": [number, "fixed", 20, 7.0, "euler", "normal", 1.0],
        }
        for number in range(count)
    ]
    return {"last_node_id": count, "last_link_id": 0, "nodes": nodes, "links": [], "groups": [], "version": 0.4}


def open_grid(editor: EditorPage, folder: Path, count: int) -> None:
    """Open a document of so many nodes."""
    path = folder / "grid.json"
    path.write_text(json.dumps(grid(count)), encoding="utf-8")
    editor.drop_file(path)
    editor.expect_counts(count, 0)
    editor.canvas.focus()


def layers_of(page: Page) -> int:
    """Return how many layers the browser's compositor has."""
    session = page.context.new_cdp_session(page)
    told: list[dict[str, Any]] = []
    session.on("LayerTree.layerTreeDidChange", told.append)
    session.send("DOM.enable")
    session.send("LayerTree.enable")
    page.mouse.wheel(6, 3)
    expect(page.get_by_role("application")).to_be_visible()
    page.wait_for_function("() => new Promise(requestAnimationFrame)")
    while not (found := [each["layers"] for each in told if "layers" in each]):
        page.wait_for_event("console", timeout=1) if False else page.evaluate(
            "() => new Promise(requestAnimationFrame)"
        )
    session.detach()
    return len(found[-1])


def test_nodes_moved_into_sight_get_elements_when_the_camera_rests(editor: EditorPage, tmp_path: Path) -> None:
    open_grid(editor, tmp_path, 100)
    editor.page.keyboard.press("Alt+0")
    last = editor.page.get_by_role("group", name="Sampler 100", exact=True)
    expect(last).to_be_hidden()
    for _ in range(12):
        editor.page.mouse.move(800, 500)
        editor.page.mouse.wheel(300, 300)
    expect(last).to_be_visible()
    expect(last.get_by_label("Sampler 100: steps")).to_have_attribute("aria-valuenow", "20")
