"""A picture from nothing: composed by mouse and by keyboard alone, run, read back from the picture, undone and redone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.serving.live_server import LiveServer
from tests.web.editor_page import EditorPage

ENCODE = "CLIP Text Encode (Prompt)"


def compose(editor: EditorPage) -> None:
    """Make text to image by mouse: the palette, links dropped into the empty, and widgets."""
    editor.add_at(120, 160, "Load Checkpoint")
    clip = editor.output("Load Checkpoint", "CLIP")
    editor.drop_link(clip, (520, 160), ENCODE)
    editor.drop_link(clip, (520, 460), ENCODE)
    editor.drop_link(editor.output("Load Checkpoint", "MODEL"), (980, 160), "KSampler")
    editor.drag(editor.output(ENCODE, "CONDITIONING", 0), editor.input("KSampler", "positive"))
    editor.drag(editor.output(ENCODE, "CONDITIONING", 1), editor.input("KSampler", "negative"))
    editor.drop_link(editor.input("KSampler", "latent_image"), (420, 800), "Empty Latent Image")
    editor.drop_link(editor.output("KSampler", "LATENT"), (1320, 160), "VAE Decode")
    editor.drag(editor.output("Load Checkpoint", "VAE"), editor.input("VAE Decode", "vae"))
    editor.drop_link(editor.output("VAE Decode", "IMAGE"), (1320, 300), "Save Image")
    editor.widget(ENCODE, "text").fill("a blue boat on the sea at sunset")
    editor.type_number("KSampler", "steps", "2+2")
    editor.type_number("Empty Latent Image", "width", "128")
    editor.type_number("Empty Latent Image", "height", "128")


def test_a_picture_is_composed_by_mouse_and_shown_on_its_node(
    editor: EditorPage, server: LiveServer, base: Path
) -> None:
    compose(editor)
    editor.expect_counts(7, 9)
    editor.run()
    editor.expect_picture("Save Image")
    [saved] = (base / "output").glob("*.png")

    whole = editor.document()
    back_to_nothing(editor, whole)

    editor.command("New workflow")
    editor.expect_counts(0, 0)
    editor.drop_file(saved)
    editor.expect_counts(7, 9)
    read = editor.document()
    assert graph_of(read) == graph_of(whole), "the picture holds the graph that made it"


def back_to_nothing(editor: EditorPage, whole: dict[str, Any]) -> None:
    """Undo everything and do it again."""
    status = editor.page.get_by_role("contentinfo")
    editor.canvas.focus()
    steps = 0
    while re.search(r"\b0 nodes", status.inner_text()) is None:
        editor.page.keyboard.press("Control+z")
        steps += 1
        assert steps < 100
    editor.expect_counts(0, 0)
    assert editor.document()["nodes"] == []
    editor.canvas.focus()
    for _ in range(steps):
        editor.page.keyboard.press("Control+y")
    editor.expect_counts(7, 9)
    again = editor.document()
    assert again["nodes"] == whole["nodes"]
    assert again["links"] == whole["links"]


def graph_of(document: dict[str, Any]) -> Any:
    """Return what runs: types, links and values, without seeds, which change after a run."""
    nodes = []
    for node in document["nodes"]:
        values = node.get("widgets_values", [])
        nodes.append((node["id"], node["type"], values[2:] if node["type"] == "KSampler" else values))
    return sorted(nodes), sorted(map(tuple, document["links"]))


def test_a_picture_is_composed_by_keyboard_alone(editor: EditorPage, base: Path) -> None:
    add(editor, "Load Checkpoint")
    for _ in range(2):
        add(editor, ENCODE)
        link(editor, "input clip", "output CLIP of Load Checkpoint")
    editor.page.keyboard.press("Escape")
    editor.page.keyboard.press("Enter")
    expect(editor.widget(ENCODE, "text", 1)).to_be_focused()
    editor.page.keyboard.type("a big yellow flower")
    editor.page.keyboard.press("Escape")
    add(editor, "Empty Latent Image")
    fill(editor, "Empty Latent Image", {"width": "128", "height": "128"})
    add(editor, "KSampler")
    link(editor, "input model", "output MODEL of Load Checkpoint")
    link(editor, "input positive", f"output CONDITIONING of {ENCODE}, not linked")
    link(editor, "input negative", f"output CONDITIONING of {ENCODE}, not linked")
    link(editor, "input latent_image", "output LATENT of Empty Latent Image")
    fill(editor, "KSampler", {"seed": "5", "steps": "3"})
    add(editor, "VAE Decode")
    link(editor, "input samples", "output LATENT of KSampler")
    link(editor, "input vae", "output VAE of Load Checkpoint")
    add(editor, "Preview Image")
    link(editor, "input images", "output IMAGE of VAE Decode")
    editor.expect_counts(7, 9)
    editor.page.keyboard.press("Alt+l")
    editor.page.keyboard.press("Control+Enter")
    editor.page.keyboard.press("Control+z")  # the arrangement is a step of its own
    editor.page.keyboard.press("Control+y")
    editor.expect_picture("Preview Image")


def add(editor: EditorPage, title: str) -> None:
    """Add a node with Space."""
    editor.page.keyboard.press("Space")
    palette = editor.page.get_by_role("dialog", name="Add node")
    expect(palette.get_by_role("combobox")).to_be_focused()
    editor.page.keyboard.type(title)
    expect(palette.get_by_role("option", selected=True)).to_contain_text(title)
    editor.page.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(editor.canvas).to_be_focused()
    expect(editor.node(title).first).to_be_visible()


def link(editor: EditorPage, socket: str, goal: str) -> None:
    """Go to a socket of the selected node with Tab, begin a link with Enter, choose its goal with Tab, and link."""
    press_until(editor, "Tab", socket)
    editor.page.keyboard.press("Enter")
    editor.expect_news(re.compile("^Link to "))
    press_until(editor, "Tab", f"Link to {goal}", presses=0)
    editor.page.keyboard.press("Enter")
    editor.expect_news(re.compile("^Linked to "))


def press_until(editor: EditorPage, key: str, news: str, presses: int = 1) -> None:
    """Press a key until the canvas tells something that begins so."""
    told = editor.page.locator("main [aria-live]")
    for _ in range(presses):
        editor.page.keyboard.press(key)
    for _ in range(12):
        if told.inner_text().startswith(news):
            return
        editor.page.keyboard.press(key)
    raise AssertionError(f"{news} is not among what {key} tells; the last was {told.inner_text()}")


def fill(editor: EditorPage, title: str, values: dict[str, str]) -> None:
    """Go to the fields of the selected node and type numbers."""
    editor.page.keyboard.press("Escape")
    editor.page.keyboard.press("Enter")
    for name, value in values.items():
        field = editor.node(title).get_by_role("spinbutton", name=f"{title}: {name}")
        for _ in range(4):
            if field.evaluate("field => field === document.activeElement"):
                break
            editor.page.keyboard.press("Tab")
        expect(field).to_be_focused()
        editor.page.keyboard.type(value)
        editor.page.keyboard.press("Enter")
        expect(field).to_have_attribute("aria-valuenow", value)
    editor.page.keyboard.press("Escape")
