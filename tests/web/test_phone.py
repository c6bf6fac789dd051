"""On a phone a workflow is a form: the widgets that its author chose, a button, and the result."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.serving.live_server import ROOT, LiveServer
from tests.web.conftest import PATIENCE_MS
from tests.web.editor_page import EditorPage

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"
PHONE = {"width": 390, "height": 844}


def test_a_workflow_is_used_on_a_phone(browser: Browser, server: LiveServer, base: Path) -> None:
    document = json.loads(TEXT_TO_IMAGE.read_text(encoding="utf-8"))
    inputs = [{"path": [], "node": "2", "widget": "text"}, {"path": [], "node": "5", "widget": "steps"}]
    document.setdefault("extra", {})["weft_app"] = {"inputs": inputs, "outputs": [{"path": [], "node": "7"}]}
    stored = base / "user" / "default" / "workflows" / "landscape.json"
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_text(json.dumps(document))
    with browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True) as context:  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(server.url)
        editor = EditorPage(page, server.url)
        editor.panel("Workflows").get_by_role("treeitem", name="landscape").tap()
        page.get_by_role("tab", name="landscape").wait_for()
        form = editor.panel("App view")
        form.get_by_role("textbox").first.fill("a big yellow flower on the snow")
        form.get_by_role("button", name="Run").tap()
        expect(form.get_by_role("link").get_by_role("img")).to_be_visible()
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], "nothing reaches beyond the screen"
