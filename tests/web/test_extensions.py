"""Scripts of packs in the editor: all that the example of docs/editor-extensions.md adds is used; broken ones harm nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.serving.live_server import LiveServer, live_server
from tests.web.editor_page import EditorPage
from tests.web.example_pack import write_example_pack

BROKEN = {
    "pyproject.toml": '[tool.weft]\nweb = "web"\n',
    "web/weft/late.js": """export function activate(weft) {
  weft.addCommand({ id: 'fail', title: 'Fail now', run() { throw new Error('The command fails.'); } });
  weft.addWidget({ for: { node: 'Rate', input: 'comment' }, mount() { throw new Error('The widget fails.'); } });
  weft.addBody({ nodes: ['EmptyLatent'], height: 20, mount() { throw new Error('The body fails.'); } });
  weft.addPanel({ id: 'panel', title: 'Failing panel', mount() { throw new Error('The panel fails.'); } });
  weft.addMenuItem({ where: 'node', title: 'Never', isShown() { throw new Error('The item fails.'); }, run() {} });
}
""",
    "web/weft/newer.js": "export const api = 2;\nexport function activate() {}\n",
    "web/weft/start.js": "export function activate() {\n  throw new Error('It cannot start.');\n}\n",
    "web/weft/syntax.js": "export function activate( {\n",
}


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a server with packs."""
    base = tmp_path_factory.mktemp("packs")
    write_example_pack(base / "custom_nodes" / "rating")
    return base


@pytest.fixture(scope="module")
def pack_server(packs: Path) -> Iterator[LiveServer]:
    """Start a server with the packs."""
    with live_server(packs) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture
def rating(page: Page, pack_server: LiveServer, packs: Path) -> Iterator[EditorPage]:
    """Open the editor with the pack of the example and one of its nodes; at the end it has complained of nothing."""
    if not (Path(__file__).parents[2] / "web" / "dist" / "index.html").is_file():
        pytest.skip("the editor is not built: run `make editor`")
    opened = EditorPage(page, pack_server.url)
    opened.open()
    expect(stars_button(opened)).to_be_visible()
    opened.add_at(600, 300, "Rate")
    yield opened
    assert opened.troubles.found == []


def stars_button(editor: EditorPage) -> Locator:
    """Return the button of the panel that the example's script adds, which is there when it has started."""
    return editor.page.get_by_role("toolbar", name="Panels").get_by_role("button", name="Ratings", exact=True)


def stars(editor: EditorPage) -> Locator:
    """Return the widget that the script adds."""
    return editor.page.get_by_role("application", name="Workflow").get_by_role("slider", name="Rate: stars")


def menu_item(editor: EditorPage, name: str) -> Locator:
    return editor.page.get_by_role("menuitem", name=name)


def test_a_widget_edits_is_undone_saved_and_run(rating: EditorPage) -> None:
    expect(stars(rating)).to_have_attribute("aria-valuenow", "3")
    expect(rating.node("Rate")).to_contain_text("★★★☆☆")
    expect(rating.node("Rate")).to_contain_text("Not rated yet")
    stars(rating).locator("[data-star='5']").click()
    expect(stars(rating)).to_have_attribute("aria-valuenow", "5")
    rating.canvas.focus()
    rating.page.keyboard.press("Control+z")
    expect(stars(rating)).to_have_attribute("aria-valuenow", "3")
    rating.page.keyboard.press("Control+y")
    assert rating.document()["nodes"][0]["widgets_values"] == [5, ""]
    rating.run()
    expect(rating.node("Rate")).to_contain_text("Rated 5")  # by the body
    expect(rating.node("Rate")).to_contain_text("5 of 5 stars.")
    expect(rating.panel("Log")).to_contain_text("rating: Workflow 1 is done.")  # by what listens to runs


def test_a_widget_is_used_with_the_keyboard(rating: EditorPage) -> None:
    rating.canvas.focus()
    rating.page.keyboard.press("Enter")  # into the node that is selected
    expect(stars(rating)).to_be_focused()
    rating.page.keyboard.press("ArrowRight")
    expect(stars(rating)).to_have_attribute("aria-valuenow", "4")
    expect(stars(rating)).to_be_focused()
    rating.page.keyboard.press("Escape")
    expect(rating.canvas).to_be_focused()


def test_a_widget_works_in_the_app_view(rating: EditorPage) -> None:
    rating.node("Rate").get_by_text("Rate", exact=True).click(button="right")
    menu_item(rating, "App view").hover()
    rating.page.get_by_role("menuitemcheckbox", name="stars").click()
    form = rating.panel("App view")
    form.locator("[data-star='2']").click()
    expect(stars(rating)).to_have_attribute("aria-valuenow", "2")
    expect(form.get_by_role("slider")).to_have_attribute("aria-valuenow", "2")


def test_a_linked_value_is_shown_and_not_changed(rating: EditorPage) -> None:
    rating.add_at(200, 300, "Int")
    rating.drag(rating.output("Int", "INT"), left_edge(rating, stars(rating)))
    rating.expect_counts(2, 1)
    stars(rating).locator("[data-star='5']").click()
    assert rating.document()["nodes"][0]["widgets_values"] == [3, ""]


def left_edge(editor: EditorPage, widget: Locator) -> tuple[float, float]:
    """Return where the socket of a widget is."""
    node, box = editor.node("Rate").bounding_box(), widget.bounding_box()
    assert node is not None
    assert box is not None
    return node["x"], box["y"] + box["height"] / 2


def test_commands_panels_and_menus_do_what_the_script_says(rating: EditorPage) -> None:
    panel = rating.panel("Ratings")
    expect(panel).to_contain_text("Rate: 3")
    rating.canvas.focus()
    rating.page.keyboard.press("Alt+5")
    expect(panel).to_contain_text("Rate: 5")
    stars(rating).click(button="right", position={"x": 5, "y": 5})
    menu_item(rating, "Three stars").click()
    expect(panel).to_contain_text("Rate: 3")
    rating.command("Give five stars")
    expect(panel).to_contain_text("Rate: 5")
    stars(rating).locator("[data-star='1']").click()
    rating.node("Rate").get_by_text("Rate", exact=True).click(button="right")
    menu_item(rating, "Give five stars").click()
    expect(panel).to_contain_text("Rate: 5")
    rating.page.mouse.click(*rating.empty_place(), button="right")
    menu_item(rating, "Rate here").click()
    rating.expect_counts(2, 0)
    expect(panel).to_contain_text("Rate: 1")


def test_a_changed_script_is_loaded_anew_with_what_it_imports(rating: EditorPage, packs: Path) -> None:
    helper = packs / "custom_nodes" / "rating" / "web" / "weft" / "parts" / "stars.js"
    before = helper.read_text(encoding="utf-8")
    helper.write_text(before.replace("★", "◆"), encoding="utf-8")
    os.utime(helper, (time.time(), time.time() + 5))
    try:
        rating.page.evaluate("window.dispatchEvent(new Event('focus'))")  # as when its author comes back to the browser
        expect(rating.node("Rate")).to_contain_text("◆◆◆☆☆")
        expect(stars_button(rating)).to_have_count(1)
    finally:
        helper.write_text(before, encoding="utf-8")


def test_broken_scripts_are_told_and_harm_nothing(page: Page, tmp_path: Path) -> None:
    write_example_pack(tmp_path / "custom_nodes" / "rating")
    for name, text in BROKEN.items():
        path = tmp_path / "custom_nodes" / "broken" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with live_server(tmp_path) as server:
        server.wait_until_ready()
        editor = EditorPage(page, server.url)
        editor.open()
        expect(stars_button(editor)).to_be_visible()
        log = editor.panel("Log")
        expect(log).to_contain_text("broken, start.js:2 (its start): It cannot start.")
        expect(log).to_contain_text("broken, newer.js (its start): It is written for version 2 of the API")
        expect(log).to_contain_text("broken, syntax.js (its start): Unexpected")
        editor.add_at(600, 300, "Rate")
        expect(log).to_contain_text("broken, late.js:3 (a widget): The widget fails.")
        editor.add_at(600, 600, "Empty Latent Image")
        expect(log).to_contain_text("broken, late.js:4 (the body of a node): The body fails.")
        editor.command("Fail now")
        expect(editor.page.get_by_text("broken, late.js:2: The command fails.")).to_be_visible()
        editor.node("Rate").get_by_text("Rate", exact=True).click(button="right")
        expect(menu_item(editor, "Give five stars")).to_be_visible()
        expect(menu_item(editor, "Never")).to_have_count(0)
        editor.page.keyboard.press("Escape")
        editor.panel("Failing panel")
        expect(editor.page.get_by_text("broken, late.js:5: The panel fails.")).to_be_visible()
        expect(editor.panel("Log")).to_contain_text("broken, late.js:5 (the panel panel): The panel fails.")
        editor.widget("Rate", "comment").fill("still here")  # by the editor's own widget
        editor.canvas.focus()
        assert editor.document()["nodes"][0]["widgets_values"] == [3, "still here"]
        assert editor.troubles.found == []


def test_the_types_are_served(pack_server: LiveServer) -> None:
    with urlopen(f"{pack_server.url}/types/weft-editor.d.ts") as answer:
        assert "export interface Weft1" in answer.read().decode()
