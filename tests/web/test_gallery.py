"""What was made is found by its prompt, and its seed, its prompt and its workflow are taken up again."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.serving.live_server import ROOT
from tests.web.editor_page import EditorPage

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"


def test_a_picture_is_found_by_its_prompt_and_gives_its_values_back(editor: EditorPage) -> None:
    editor.drop_file(TEXT_TO_IMAGE)
    editor.type_number("KSampler", "steps", "2")
    prompt = editor.widget("Prompt", "text")
    gallery = editor.panel("Gallery")
    made = gallery.get_by_role("listitem")
    search = gallery.get_by_role("textbox", name="Prompt, model or file")
    for seed, text in (("4711", "a walrus in the rain"), ("4712", "two kites")):
        editor.type_number("KSampler", "seed", seed)
        prompt.fill(text)
        search.fill(text)
        expect(made).to_have_count(0)
        editor.run()
        expect(made).to_have_count(1)
    search.fill("weft-demo WALRUS")
    expect(made).to_have_count(1)
    search.fill("walrus kites")
    expect(made).to_have_count(0)
    search.fill("walrus")
    expect(made).to_have_count(1)
    made.click(button="right")
    editor.page.get_by_role("menuitem", name="Use its seed").click()
    expect(editor.widget("KSampler", "seed")).to_have_attribute("aria-valuenow", "4711")
    expect(prompt).to_have_value("two kites")
    made.click(button="right")
    editor.page.get_by_role("menuitem", name="Use its prompt").click()
    expect(prompt).to_have_value("a walrus in the rain")
    search.fill("walrus kites")
    expect(made).to_have_count(0)
    search.fill("kites")
    search.press("Space")  # it does not stop the search that waits
    expect(made).to_have_count(1)
    made.click(button="right")
    editor.page.get_by_role("menuitem", name="Open this workflow").click()
    expect(editor.page.get_by_role("tab")).to_have_count(2)
    expect(prompt).to_have_value("two kites")
