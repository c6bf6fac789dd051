"""Nothing is lost: neither when the server goes and comes back, nor when the browser's tab dies."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.serving.live_server import ROOT, LiveServer, live_server
from tests.web.conftest import folder_with_model
from tests.web.editor_page import EditorPage

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"
# Each ends when it is so; Page.wait_for_function does not wait for promises.
KEPT = """async (count) => {
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const database = await done(indexedDB.open('weft'));
    const drafts = () => done(database.transaction('drafts').objectStore('drafts').getAll());
    while (!(await drafts()).some((draft) => draft.content.nodes.length === count))
        await new Promise(requestAnimationFrame);
    database.close();
}"""
GONE = """async () => {
    while ((await navigator.locks.query()).held.length > 0) await new Promise(requestAnimationFrame);
}"""


def test_work_goes_on_while_the_server_is_away_and_runs_when_it_is_back(page: Page, base: Path, tmp_path: Path) -> None:
    own = folder_with_model(tmp_path)
    editor = EditorPage(page, "")
    with live_server(own) as server:
        editor.url = server.url
        editor.open()
        editor.drop_file(TEXT_TO_IMAGE)
        editor.expect_counts(8, 9)
        expect(editor.panel("Queue")).to_contain_text("Nothing runs and nothing waits.")  # it is loaded
        server.kill()
    expect(page.get_by_role("img", name="The server is away").first).to_be_visible()
    editor.type_number("KSampler", "steps", "2")
    editor.run()
    expect(editor.panel("Queue")).to_contain_text("Waiting for the server: 1")
    with live_server(own, server.port):
        editor.wait_until_connected()
        editor.expect_picture("Save Image")
        expect(editor.widget("KSampler", "steps")).to_have_attribute("aria-valuenow", "2")


def test_what_was_not_saved_is_there_after_the_tab_crashed(context: BrowserContext, server: LiveServer) -> None:
    again = EditorPage(context.new_page(), server.url)
    again.page.goto(f"{server.url}/docs")  # a page of this server that is no editor
    editor = EditorPage(context.new_page(), server.url)
    editor.open()
    editor.add_at(300, 200, "Empty Latent Image")
    editor.add_at(300, 600, "VAE Decode")
    editor.expect_counts(2, 0)
    editor.page.evaluate(KEPT, 2)
    crash(editor.page, again.page)
    again.page.evaluate(GONE)
    again.open()
    expect(again.page.get_by_text("1 workflow with unsaved changes was brought back")).to_be_visible()
    again.expect_counts(2, 0)
    expect(again.node("VAE Decode")).to_be_visible()


def crash(page: Page, other: Page) -> None:
    """Kill the process of a page, by another one's leave: the page itself could not answer any more."""
    target = page.context.new_cdp_session(page).send("Target.getTargetInfo")["targetInfo"]["targetId"]
    session = page.context.new_cdp_session(other)
    attached = session.send("Target.attachToTarget", {"targetId": target, "flatten": False})
    message = json.dumps({"id": 1, "method": "Page.crash"})
    with page.expect_event("crash"):
        session.send("Target.sendMessageToTarget", {"sessionId": attached["sessionId"], "message": message})
