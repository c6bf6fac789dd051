"""What is wrong with a workflow is said on the node that it is wrong with, and goes when it is put right."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.serving.live_server import ROOT
from tests.web.editor_page import EditorPage

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"


def test_a_missing_link_and_a_wrong_value_are_told_on_their_nodes(editor: EditorPage) -> None:
    editor.drop_file(TEXT_TO_IMAGE)
    editor.expect_counts(8, 9)
    editor.drag(editor.input("Decode", "vae"), editor.empty_place())
    editor.expect_counts(8, 8)
    sampler = editor.widget("KSampler", "sampler_name")
    sampler.click()
    editor.page.keyboard.type("euler_ancestral")
    editor.page.keyboard.press("Enter")
    editor.run()
    problem = editor.node("Decode").get_by_role("alert")
    expect(problem).to_contain_text("vae")
    expect(editor.node("KSampler").get_by_role("alert")).to_have_count(0)
    assert all("400" in trouble for trouble in editor.troubles.found), "the server refuses, and nothing else is wrong"
    editor.troubles.found.clear()

    problem.get_by_role("button", name="Details").click()
    panel = editor.panel("Errors")
    expect(panel).to_contain_text("Decode")
    editor.page.keyboard.press("Control+z")
    editor.page.keyboard.press("Control+z")
    editor.expect_counts(8, 9)
    editor.type_number("KSampler", "steps", "2")
    editor.run()
    editor.expect_picture("Save Image")
    expect(editor.node("Decode").get_by_role("alert")).to_have_count(0)
