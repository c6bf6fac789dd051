"""ComfyUI's own editor, from its package, on our server in a real browser: it starts, lists, runs, shows, saves and loads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.serving.browser import Troubles, browser_path
from tests.serving.live_server import ROOT, LiveServer, live_server

MODEL = ROOT / "models" / "checkpoints" / "weft-demo.safetensors"
PATIENCE_MS = 60_000
SIZE = {"width": 1500, "height": 900}


def front_end() -> Path:
    """Return the folder of the editor's files."""
    found = find_spec("comfyui_frontend_package")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "static"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Start a server with the built-in model and ComfyUI's editor."""
    base = tmp_path_factory.mktemp("base")
    (base / "models" / "checkpoints").mkdir(parents=True)
    (base / "models" / "checkpoints" / MODEL.name).symlink_to(MODEL)
    with live_server(base, 0, str(front_end())) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Open a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        opened = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        opened.set_default_timeout(PATIENCE_MS)
        yield opened
        browser.close()


def test_the_editor_of_comfyui_works_as_a_whole(server: LiveServer, page: Page) -> None:
    troubles = Troubles(page)
    page.goto(server.url)
    page.get_by_text("Text to image").first.click()  # the templates show themselves at the first start
    page.wait_for_function("window.app?.graph?._nodes?.length >= 8")

    known = page.evaluate("Object.keys(LiteGraph.registered_node_types)")
    assert set(server.get("/object_info")) <= set(known), "every node type can be added"

    page.get_by_role("button", name="Run").first.click()
    page.wait_for_function("Object.values(window.app.nodeOutputs ?? {}).some(shown => shown?.images?.length)")
    [entry] = server.wait_for("/history", lambda history: len(history) == 1).values()
    assert entry["status"]["status_str"] == "success"
    [saved] = [item for shown in entry["outputs"].values() for item in shown["images"]]
    shown = page.evaluate("Object.values(window.app.nodeOutputs).flatMap(shown => shown?.images ?? [])")
    assert saved["filename"] in [item["filename"] for item in shown]
    expect(page.get_by_text("Job completed").first).to_be_visible()

    document = page.evaluate("JSON.stringify(window.app.graph.serialize())")
    page.evaluate(
        "document => window.app.api.storeUserData('workflows/mine.json', document, {stringify: false})", document
    )
    assert server.get("/api/userdata?dir=workflows") == ["mine.json"]
    page.evaluate("window.app.graph.clear()")
    page.evaluate(
        "async () => { const found = await window.app.api.getUserData('workflows/mine.json');"
        " await window.app.loadGraphData(await found.json()); }"
    )
    page.wait_for_function("window.app.graph._nodes.length >= 8")
    again = json.loads(page.evaluate("JSON.stringify(window.app.graph.serialize())"))
    first = json.loads(document)
    assert [node["type"] for node in again["nodes"]] == [node["type"] for node in first["nodes"]]

    page.evaluate("window.app.extensionManager.setting.set('Comfy.ConfirmClear', false)")
    server.wait_for("/settings", lambda settings: settings.get("Comfy.ConfirmClear") is False)
    assert troubles.found == []


def test_its_socket_shows_pictures_of_work_in_progress(server: LiveServer, page: Page) -> None:
    page.evaluate(
        "window.previews = []; window.app.api.addEventListener('b_preview_with_metadata',"
        " event => window.previews.push(event.detail))"
    )
    prompt = page.evaluate("async () => (await window.app.graphToPrompt()).output")
    for node in prompt.values():
        if node["class_type"] == "KSampler":
            node["inputs"]["seed"] = 7
    page.evaluate("prompt => window.app.api.queuePrompt(0, {output: prompt, workflow: {}})", prompt)
    page.wait_for_function("window.previews.length > 2")
    sampler = next(node_id for node_id, node in prompt.items() if node["class_type"] == "KSampler")
    assert page.evaluate("window.previews[0].nodeId ?? window.previews[0].displayNodeId") == sampler
