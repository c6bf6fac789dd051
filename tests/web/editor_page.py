"""The editor in a browser as its user meets it: nodes by their titles, sockets by their names, widgets by their labels.

editor = EditorPage(page, server.url)
editor.open()
editor.add_at(200, 160, "Load Checkpoint")
editor.drop_link(editor.output("Load Checkpoint", "CLIP"), (600, 160), "CLIP Text Encode (Prompt)")
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any, Literal, NamedTuple

from playwright.sync_api import Locator, Page, expect

from tests.serving.browser import Troubles


class Point(NamedTuple):
    """A place in the window, in pixels."""

    x: float
    y: float


class EditorPage:
    """One window of the editor."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.troubles = Troubles(page)
        self.url = url

    def open(self) -> None:
        """Load the page and wait until it knows the server and its nodes."""
        self.page.goto(self.url)
        self.wait_until_connected()
        self.canvas.focus()

    def wait_until_connected(self) -> None:
        """Wait for the server's socket."""
        expect(self.page.get_by_role("button", name="Run", exact=True)).to_be_visible()
        expect(self.page.get_by_label("Connected to the server").first).to_be_attached()

    @property
    def canvas(self) -> Locator:
        """Where the graph is."""
        return self.page.get_by_role("application", name="Workflow")

    def node(self, title: str, at: int = 0) -> Locator:
        """Return a node by its title; `at`: which one of several."""
        return self.page.get_by_role("group", name=title, exact=True).nth(at)

    def widget(self, title: str, name: str, at: int = 0) -> Locator:
        """Return a node's widget by its name."""
        return self.node(title, at).get_by_label(f"{title}: {name}").first

    def output(self, title: str, name: str, at: int = 0) -> Point:
        """Return where an output socket is: at the right edge, beside its name."""
        box = box_of(self.node(title, at))
        label = box_of(self.node(title, at).get_by_text(name, exact=True).last)
        return Point(box["x"] + box["width"], label["y"] + label["height"] / 2)

    def input(self, title: str, name: str, at: int = 0) -> Point:
        """Return where an input socket is: at the left edge, beside its name."""
        box = box_of(self.node(title, at))
        label = box_of(self.node(title, at).get_by_text(name, exact=True).first)
        return Point(box["x"], label["y"] + label["height"] / 2)

    def empty_place(self) -> Point:
        """Return a place where nothing is: the lower left corner of the canvas."""
        box = box_of(self.canvas)
        return Point(box["x"] + 40, box["y"] + box["height"] - 40)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press, move and let go."""
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
        mouse.move(*end, steps=3)
        mouse.up()

    def choose(self, title: str) -> None:
        """Find a node type in the open palette and take it."""
        palette = self.page.get_by_role("dialog", name="Add node")
        palette.get_by_role("combobox").fill(title)
        palette.get_by_role("option", name=title).first.click()
        expect(palette).to_be_hidden()

    def add_at(self, x: float, y: float, title: str) -> None:
        """Add a node by a double click on the empty canvas."""
        self.page.mouse.dblclick(x, y)
        self.choose(title)

    def drop_link(self, start: Point, end: tuple[float, float], title: str) -> None:
        """Draw a link into the empty and add the node that it leads to."""
        self.drag(start, end)
        self.choose(title)

    def type_number(self, title: str, name: str, text: str) -> None:
        """Click a number and type another one."""
        self.widget(title, name).click()
        field = self.node(title).get_by_role("textbox", name=f"{title}: {name}")
        field.fill(text)
        field.press("Enter")

    def top(self, title: str) -> float:
        """Return where a node begins."""
        return box_of(self.node(title))["y"]

    def press_title(self, title: str, *, button: Literal["left", "right"] = "left", clicks: int = 1) -> None:
        """Click the header of a node, beside what can be pressed in it."""
        box = box_of(self.node(title))
        self.page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + 8, button=button, click_count=clicks)

    def save_as(self, name: str) -> None:
        """Save a workflow that was not saved yet."""
        self.canvas.focus()
        self.page.keyboard.press("Control+s")
        dialog = self.page.get_by_role("dialog", name="Save as")
        dialog.get_by_role("textbox", name="Name").fill(name)
        dialog.get_by_role("button", name="Save").click()
        expect(self.page.get_by_role("tab", name=name.rpartition("/")[2], exact=True)).to_be_visible()

    def run(self) -> None:
        """Press the button."""
        self.page.get_by_role("button", name="Run", exact=True).click()

    def command(self, name: str) -> None:
        """Start a command by its name, with the keyboard alone."""
        self.page.keyboard.press("Control+k")
        commands = self.page.get_by_role("dialog", name="Commands")
        expect(commands.get_by_role("combobox")).to_be_focused()
        self.page.keyboard.type(name)
        expect(commands.get_by_role("option", selected=True)).to_contain_text(name)
        self.page.keyboard.press("Enter")
        expect(commands).to_be_hidden()

    def document(self) -> dict[str, Any]:
        """Return the workflow as it is exported."""
        with self.page.expect_download() as download:
            self.command("Workflow (JSON)")
        with open(download.value.path(), encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return found

    def drop_file(self, path: Path) -> None:
        """Drop a file on the canvas."""
        content = base64.b64encode(path.read_bytes()).decode()
        data = self.page.evaluate_handle(
            "([name, content]) => { const data = new DataTransfer(); const bytes = Uint8Array.from(atob(content),"
            " letter => letter.charCodeAt(0)); data.items.add(new File([bytes], name)); return data; }",
            [path.name, content],
        )
        self.canvas.dispatch_event("drop", {"dataTransfer": data})

    def wait_until_drawn(self) -> None:
        """Wait until the browser has drawn what was done so far."""
        self.page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")

    def expect_news(self, text: str | re.Pattern[str]) -> None:
        """Wait until the canvas has told that, as screen readers hear it."""
        expect(self.page.locator("main [aria-live]")).to_have_text(text)

    def panel(self, name: str) -> Locator:
        """Open a panel by its button and return it."""
        button = self.page.get_by_role("toolbar", name="Panels").get_by_role("button", name=name, exact=True)
        if button.get_attribute("aria-pressed") != "true":
            button.click()
        return self.page.get_by_role("region", name=name, exact=True)

    def expect_counts(self, nodes: int, links: int) -> None:
        """Wait until the line below tells so many nodes and links."""
        status = self.page.get_by_role("contentinfo")
        expect(status).to_contain_text(f"{nodes} node{'' if nodes == 1 else 's'}")
        expect(status).to_contain_text(f"{links} link{'' if links == 1 else 's'}")

    def expect_picture(self, title: str) -> Locator:
        """Wait until a node shows a picture that the browser could read."""
        picture = self.node(title).get_by_role("button", name=f"{title}: picture 1 of 1, enlarge")
        expect(picture).to_be_visible()
        image = picture.locator("img")
        expect(image).to_have_js_property("complete", value=True)
        assert image.evaluate("image => image.naturalWidth") > 0
        return picture


def box_of(locator: Locator) -> dict[str, float]:
    """Return where something is in the window, once it is there."""
    locator.wait_for()
    found = locator.bounding_box()
    assert found is not None
    return {key: float(value) for key, value in found.items()}
