"""What the editor does when the server is another than before: it asks for its token, or has other node types."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.serving.live_server import LiveServer, live_server, typed_server
from tests.web.editor_page import EditorPage

TOKEN = "a-token-for-the-tests"


def log_in(page: Page) -> None:
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()


def test_a_session_that_ended_leads_to_the_log_in_and_back(context: BrowserContext, base: Path, tmp_path: Path) -> None:
    with typed_server(tmp_path, 0, "--token", TOKEN) as server:
        page = context.new_page()
        page.goto(server.url)
        log_in(page)
        editor = EditorPage(page, server.url)
        editor.wait_until_connected()
        editor.canvas.focus()
        editor.add_at(400, 300, "Empty Latent Image")
        context.clear_cookies()
        page.keyboard.press("Control+Enter")  # the page may leave before a click on the button is through
        log_in(page)
        editor.wait_until_connected()
        editor.expect_counts(1, 0)
        expect(editor.node("Empty Latent Image")).to_be_visible()


def test_open_nodes_get_the_sockets_that_their_types_have_after_a_restart(
    page: Page, base: Path, tmp_path: Path
) -> None:
    editor = EditorPage(page, "")
    with live_server(tmp_path) as server:
        editor.url = server.url
        editor.open()
        editor.add_at(500, 300, "Empty Latent Image")
        editor.type_number("Empty Latent Image", "width", "640")
        described = with_depth(server)
        server.kill()
    expect(page.get_by_role("img", name="The server is away").first).to_be_visible()
    page.route("**/api/object_info", lambda route: answer(route, described))
    with live_server(tmp_path, server.port):
        expect(editor.widget("Empty Latent Image", "depth")).to_contain_text("7")
        expect(editor.widget("Empty Latent Image", "width")).to_contain_text("640")


def with_depth(server: LiveServer) -> str:
    """Describe the server's node types, one of them with a widget more."""
    types = server.get("/object_info")
    for name in ("EmptyLatent", "EmptyLatentImage"):
        types[name]["input"]["required"]["depth"] = ["INT", {"default": 7, "min": 0, "max": 9}]
        types[name]["input_order"]["required"].append("depth")
    return json.dumps(types)


def answer(route: Route, described: str) -> None:
    route.fulfill(body=described, content_type="application/json")
