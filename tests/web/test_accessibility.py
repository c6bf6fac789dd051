"""axe-core finds nothing serious in the main views, in both themes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.serving.live_server import ROOT, LiveServer
from tests.web.conftest import PATIENCE_MS, SIZE
from tests.web.editor_page import EditorPage

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"
PANELS = ("Nodes", "Workflows", "Templates", "Models", "Queue", "Gallery", "Outline", "App view", "Errors", "Log")
DIALOGS = ("Open…", "Settings…", "Keyboard shortcuts…", "About Weft", "Version history…")

pytestmark = pytest.mark.skipif(not AXE.is_file(), reason="run `npm ci` in web/ first")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_view_has_a_serious_violation(browser: Browser, server: LiveServer, theme: Literal["dark", "light"]) -> None:
    with browser.new_context(
        viewport=SIZE,  # type: ignore[arg-type]
        reduced_motion="reduce",
        color_scheme=theme,
        locale="en",
    ) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        editor = EditorPage(page, server.url)
        editor.open()
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = {view: problems for view in views(editor) if (problems := violations(page))}
    assert found == {}


def views(editor: EditorPage) -> Iterator[str]:
    """Show one view after the other and say which."""
    page = editor.page
    yield "empty"
    editor.drop_file(TEXT_TO_IMAGE)
    editor.expect_counts(8, 9)
    yield "workflow"
    for name in PANELS:
        expect(editor.panel(name)).to_be_visible()
        yield name
    for name in DIALOGS:
        editor.canvas.focus()
        editor.command(name)
        yield from shown(page, "dialog", name)
    editor.canvas.focus()
    page.keyboard.press("Space")
    yield from shown(page, "dialog", "palette")
    page.keyboard.press("Control+k")
    yield from shown(page, "dialog", "commands")
    page.get_by_role("button", name="Menu", exact=True).click()
    yield from shown(page, "menu", "menu")
    editor.widget("KSampler", "sampler_name").click()
    yield from shown(page, "listbox", "choices")


def shown(page: Page, role: Any, name: str) -> Iterator[str]:
    """Wait for something, yield its name, and close it."""
    thing = page.get_by_role(role).first
    thing.wait_for()
    yield name
    page.keyboard.press("Escape")
    thing.wait_for(state="hidden")


def violations(page: Page) -> list[str]:
    """Return what axe calls serious or critical, with the elements."""
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
