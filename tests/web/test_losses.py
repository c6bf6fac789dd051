"""Nothing is lost: neither when the server goes and comes back, nor when the browser's tab is killed."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.serving.live_server import ROOT, LiveServer, live_server
from tests.web.conftest import PATIENCE_MS, folder_with_model
from tests.web.editor_page import EditorPage

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"
KEPT = """async (count) => {
    const database = await new Promise((resolve, reject) => {
        const open = indexedDB.open('weft');
        open.onsuccess = () => resolve(open.result);
        open.onerror = () => reject(open.error);
    });
    const drafts = await new Promise((resolve) => {
        const all = database.transaction('drafts').objectStore('drafts').getAll();
        all.onsuccess = () => resolve(all.result);
    });
    database.close();
    return drafts.some((draft) => draft.content.nodes.length === count);
}"""

GONE = "() => navigator.locks.query().then(({held}) => held.length === 0)"


def wait_until(page: Page, script: str, argument: object = None) -> None:
    """Ask the page until it says yes; `wait_for_function` takes a promise itself for a yes."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(script, argument):
        assert time.monotonic() < end, script
        page.wait_for_timeout(50)


def test_work_goes_on_while_the_server_is_away_and_runs_when_it_is_back(page: Page, base: Path, tmp_path: Path) -> None:
    own = folder_with_model(tmp_path)
    editor = EditorPage(page, "")
    with live_server(own) as server:
        editor.url = server.url
        editor.open()
        editor.drop_file(TEXT_TO_IMAGE)
        editor.expect_counts(8, 9)
        editor.panel("Queue")
        server.kill()
    expect(page.get_by_role("img", name="The server is away").first).to_be_visible()
    editor.type_number("KSampler", "steps", "2")
    editor.run()
    expect(editor.panel("Queue")).to_contain_text("Waiting for the server: 1")
    with live_server(own, server.port):
        editor.wait_until_connected()
        editor.expect_picture("Save Image")
        expect(editor.widget("KSampler", "steps")).to_have_attribute("aria-valuenow", "2")


def test_what_was_not_saved_is_there_after_the_tab_was_killed(context: BrowserContext, server: LiveServer) -> None:
    page = context.new_page()
    editor = EditorPage(page, server.url)
    editor.open()
    editor.add_at(300, 200, "Empty Latent Image")
    editor.add_at(300, 600, "VAE Decode")
    editor.expect_counts(2, 0)
    wait_until(page, KEPT, 2)
    page.close(run_before_unload=False)

    again = EditorPage(context.new_page(), server.url)
    again.page.goto(f"{server.url}/docs")
    wait_until(again.page, GONE)
    again.open()
    expect(again.page.get_by_text("1 workflow with unsaved changes was brought back")).to_be_visible()
    again.expect_counts(2, 0)
    expect(again.node("VAE Decode")).to_be_visible()
