"""Choices and links that open inputs, links that are refused, numbers that doubles cannot hold, and primitive nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.serving.live_server import LiveServer
from tests.web.editor_page import EditorPage

MOST = 2**64 - 1
RESIZE = {
    "display_name": "Resize by choice",
    "input": {
        "required": {
            "input": ["IMAGE", {}],
            "how": [
                "COMFY_DYNAMICCOMBO_V3",
                {
                    "options": [
                        {"key": "size", "inputs": {"required": {"width": ["INT", {"default": 512}]}}},
                        {"key": "match", "inputs": {"required": {"other": ["IMAGE", {}]}}},
                    ]
                },
            ],
        }
    },
    "output": ["IMAGE"],
    "output_name": ["IMAGE"],
}

PAINT = {
    "display_name": "Paint",
    "input": {
        "required": {"image": ["IMAGE", {}]},
        "optional": {
            "mask": [
                "COMFY_DYNAMICSLOT_V3",
                {"slotType": "MASK", "inputs": {"required": {"weight": ["INT", {"default": 3}]}}},
            ],
            "old": ["STRING", {"default": "kept", "hidden": True}],
        },
    },
    "output": ["IMAGE"],
    "output_name": ["IMAGE"],
}


def test_another_choice_opens_other_inputs_and_undo_brings_the_old_ones_back(
    editor: EditorPage, server: LiveServer
) -> None:
    open_with(editor, server, "ResizeByChoice", RESIZE)
    editor.add_at(700, 300, "Resize by choice")
    expect(editor.widget("Resize by choice", "width")).to_contain_text("512")
    editor.widget("Resize by choice", "how").click()
    editor.page.get_by_role("option", name="match").click()
    expect(editor.node("Resize by choice").get_by_text("width", exact=True)).to_have_count(0)
    editor.add_at(250, 300, "Load Image")
    editor.drag(editor.output("Load Image", "IMAGE"), editor.input("Resize by choice", "other"))
    editor.expect_counts(2, 1)
    node = next(node for node in editor.document()["nodes"] if node["type"] == "ResizeByChoice")
    assert node["widgets_values"] == ["match"]
    assert [slot["name"] for slot in node["inputs"]] == ["input", "how", "how.other"]
    for _ in range(3):
        editor.page.keyboard.press("Control+z")
    expect(editor.widget("Resize by choice", "width")).to_contain_text("512")


def test_a_link_opens_the_inputs_beside_its_socket_and_hidden_widgets_are_saved_but_not_shown(
    editor: EditorPage, server: LiveServer
) -> None:
    open_with(editor, server, "Paint", PAINT)
    editor.add_at(700, 300, "Paint")
    editor.add_at(250, 300, "Load Image")
    weight = editor.node("Paint").get_by_label("Paint: weight")
    expect(weight).to_have_count(0)
    expect(editor.node("Paint").get_by_text("old")).to_have_count(0)
    editor.drag(editor.output("Load Image", "MASK"), editor.input("Paint", "mask"))
    editor.type_number("Paint", "weight", "8")
    assert values_of(editor, "Paint") == [8, "kept"]
    end = editor.input("Paint", "mask")
    editor.drag(end, (end.x - 80, end.y + 300))
    expect(weight).to_have_count(0)
    assert values_of(editor, "Paint") == ["kept"]
    editor.page.keyboard.press("Control+z")
    expect(weight.first).to_contain_text("8")


def open_with(editor: EditorPage, server: LiveServer, name: str, described: dict[str, Any]) -> None:
    """Open the editor as if the server had a node type more."""
    types = {**server.get("/object_info"), name: {**described, "name": name}}
    editor.page.route(
        "**/api/object_info", lambda route: route.fulfill(body=json.dumps(types), content_type="application/json")
    )
    editor.open()


def values_of(editor: EditorPage, node_type: str) -> Any:
    """Return the saved values of the node of a type."""
    return next(node for node in editor.document()["nodes"] if node["type"] == node_type)["widgets_values"]


def test_a_link_that_would_close_a_circle_is_refused_with_a_sentence(editor: EditorPage) -> None:
    for x in (300, 700, 1100):
        editor.add_at(x, 300, "Invert Image Colors")
    for at in (0, 1):
        start = editor.output("Invert Image Colors", "IMAGE", at)
        editor.drag(start, editor.input("Invert Image Colors", "image", at + 1))
        editor.expect_counts(3, at + 1)
    editor.drag(editor.output("Invert Image Colors", "IMAGE", 2), editor.input("Invert Image Colors", "image", 0))
    expect(editor.page.get_by_text("This link would close a circle")).to_be_visible()
    editor.expect_counts(3, 2)


def test_the_largest_seed_keeps_its_digits_in_the_widget_and_in_files(editor: EditorPage, tmp_path: Path) -> None:
    node = {"id": 1, "type": "KSampler", "pos": [100, 100], "size": [300, 300], "inputs": [], "outputs": []}
    values = [MOST, "fixed", 20, 8, "euler", "normal", 1]
    file = tmp_path / "seed.json"
    file.write_text(json.dumps({"nodes": [{**node, "widgets_values": values}], "links": [], "version": 0.4}))
    editor.drop_file(file)
    expect(editor.widget("KSampler", "seed")).to_contain_text(str(MOST))
    editor.type_number("KSampler", "seed", str(MOST - 1))
    assert editor.document()["nodes"][0]["widgets_values"][0] == MOST - 1
    for _ in range(2):  # it stays in its range
        editor.widget("KSampler", "seed").press("ArrowUp")
    expect(editor.widget("KSampler", "seed")).to_contain_text(str(MOST))


def test_the_value_of_a_primitive_node_is_edited_in_it(editor: EditorPage, tmp_path: Path) -> None:
    place = {"pos": [100, 100], "size": [240, 90]}
    output = {"name": "INT", "type": "INT", "links": [1]}
    slot = {"name": "width", "type": "INT", "widget": {"name": "width"}, "link": 1}
    primitive = {"id": 1, "type": "PrimitiveNode", **place, "outputs": [output], "widgets_values": [640, "fixed"]}
    latent = {"id": 2, "type": "EmptyLatentImage", **place, "pos": [500, 100], "inputs": [slot], "outputs": []}
    nodes = [primitive, {**latent, "widgets_values": [512, 512, 1]}]
    file = tmp_path / "primitive.json"
    file.write_text(json.dumps({"nodes": nodes, "links": [[1, 1, 0, 2, 0, "INT"]], "version": 0.4}))
    editor.drop_file(file)
    expect(editor.widget("PrimitiveNode", "width")).to_contain_text("640")
    editor.type_number("PrimitiveNode", "width", "768")
    assert values_of(editor, "PrimitiveNode") == [768, "fixed"]
