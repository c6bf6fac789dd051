"""Stored workflows have pictures: a drawing at first, then what they made last."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.serving.live_server import ROOT
from tests.web.editor_page import EditorPage

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"


def test_a_stored_workflow_is_found_by_its_picture(editor: EditorPage, base: Path) -> None:
    editor.drop_file(TEXT_TO_IMAGE)
    editor.type_number("KSampler", "steps", "2")
    editor.save_as("album/house")
    panel = editor.panel("Workflows")
    panel.get_by_role("treeitem", name="album").click()
    picture = panel.get_by_role("treeitem", name="house").locator("img")
    drawing = shown(picture)
    editor.run()
    editor.expect_picture("Save Image")
    expect(picture).not_to_have_attribute("src", drawing)
    shown(picture)
    [kept] = (base / "user").rglob("workflow_thumbnails/album/house.webp")
    assert kept.read_bytes()[8:12] == b"WEBP"

    editor.canvas.focus()
    editor.page.keyboard.press("Alt+w")
    editor.page.keyboard.press("Control+o")
    dialog = editor.page.get_by_role("dialog", name="Open")
    shown(dialog.get_by_role("button", name="house").locator("img"))
    dialog.get_by_role("textbox", name="Search").fill("album")
    editor.page.keyboard.press("Enter")
    expect(editor.page.get_by_role("tab", name="house", exact=True)).to_be_visible()

    panel.get_by_role("treeitem", name="house").click(button="right")
    editor.page.get_by_role("menuitem", name="Rename").click()
    editor.page.get_by_role("dialog").get_by_role("textbox").fill("album/home")
    editor.page.keyboard.press("Enter")
    shown(panel.get_by_role("treeitem", name="home").locator("img"))
    assert not kept.exists()


def shown(picture: Locator) -> str:
    """Wait until a picture is there and return its address."""
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    address = picture.get_attribute("src")
    assert address is not None
    return address
