"""A subgraph is made, shows a widget from inside, runs with its value, and is unpacked again; undo takes all of it back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.serving.live_server import ROOT
from tests.web.editor_page import EditorPage

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"


def test_a_subgraph_from_its_making_to_its_end(editor: EditorPage) -> None:
    page = editor.page
    editor.drop_file(TEXT_TO_IMAGE)
    editor.expect_counts(8, 9)
    editor.press_title("KSampler")
    page.keyboard.down("Shift")
    editor.press_title("Decode")
    page.keyboard.up("Shift")
    page.keyboard.press("Control+Shift+e")
    editor.expect_counts(7, 8)
    editor.press_title("Subgraph", clicks=2)
    editor.expect_counts(2, 7)
    editor.press_title("KSampler", button="right")
    page.get_by_role("menuitem", name="Show on the subgraph").click()
    page.get_by_role("menuitemcheckbox", name="steps").click()
    page.get_by_role("navigation", name="Where you are").get_by_text("Workflow").click()
    editor.expect_counts(7, 8)

    editor.type_number("Subgraph", "steps", "3")
    editor.run()
    editor.expect_picture("Save Image")
    editor.panel("Gallery").get_by_role("listitem").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("steps 3")
    page.keyboard.press("Escape")

    editor.press_title("Subgraph")
    page.keyboard.press("Control+Shift+u")
    editor.expect_counts(8, 9)
    expect(editor.widget("KSampler", "steps")).to_have_attribute("aria-valuenow", "3")
    for _ in range(4):
        page.keyboard.press("Control+z")
    expect(editor.widget("KSampler", "steps")).to_have_attribute("aria-valuenow", "25")
    editor.expect_counts(8, 9)


def test_a_group_is_muted_and_collapsed_as_a_whole(editor: EditorPage) -> None:
    editor.drop_file(TEXT_TO_IMAGE)
    node = editor.node("KSampler")
    frame = editor.output("KSampler", "LATENT")
    editor.page.mouse.click(frame.x - 60, editor.top("KSampler") - 12, button="right")
    editor.page.get_by_role("menuitem", name="Mute").click()
    expect(node.get_by_label("Muted: does not run")).to_be_visible()
    editor.page.keyboard.press("Alt+c")
    expect(node.get_by_role("button", name="Expand KSampler")).to_be_visible()
