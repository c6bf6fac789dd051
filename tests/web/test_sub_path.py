"""The editor works below a path of another server: its files, its requests and its socket."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.serving.live_server import ROOT, LiveServer
from tests.web.editor_page import EditorPage
from tests.web.sub_path import below_a_path

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"


def test_a_workflow_is_run_saved_and_found_below_a_path(page: Page, server: LiveServer) -> None:
    with below_a_path(server.url) as url:
        editor = EditorPage(page, url)
        editor.open()
        editor.drop_file(TEXT_TO_IMAGE)
        editor.type_number("KSampler", "steps", "2")
        editor.run()
        editor.expect_picture("Save Image")
        editor.save_as("far/below a path")
        panel = editor.panel("Workflows")
        panel.get_by_role("treeitem", name="far").click()
        expect(panel.get_by_role("treeitem", name="below a path")).to_be_visible()
        assert editor.troubles.found == []
        page.close()
