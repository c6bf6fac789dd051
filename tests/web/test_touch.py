"""Fingers: one moves a node or the view, two zoom, one that stays opens a menu and chooses nothing in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from tests.serving.live_server import ROOT, LiveServer
from tests.web.conftest import PATIENCE_MS
from tests.web.editor_page import EditorPage, Point, box_of
from tests.web.test_phone import PHONE

TEXT_TO_IMAGE = ROOT / "workflows" / "text_to_image.json"


class Fingers:
    """What touches the screen."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    def _tell(self, kind: str, *points: tuple[float, float]) -> None:
        touched = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    def down(self, *points: tuple[float, float]) -> None:
        """Touch the screen."""
        self._tell("touchStart", *points)

    def up(self) -> None:
        """Let go."""
        self._tell("touchEnd")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Move one finger."""
        self.down(start)
        for part in (0.25, 0.5, 0.75, 1):
            self._tell("touchMove", (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part))
        self.up()

    def spread(self, middle: tuple[float, float], before: float, after: float) -> None:
        """Move two fingers apart, from one distance to another."""
        pair = [(middle[0] - before / 2, middle[1]), (middle[0] + before / 2, middle[1])]
        self.down(*pair)
        for step in range(1, 9):
            half = (before + (after - before) * step / 8) / 2
            self._tell("touchMove", (middle[0] - half, middle[1]), (middle[0] + half, middle[1]))
        self.up()


@pytest.fixture
def phone(browser: Browser, server: LiveServer) -> Iterator[EditorPage]:
    """Open a workflow on a phone."""
    phone = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, reduced_motion="reduce", locale="en")  # type: ignore[arg-type]
    with phone as context:
        context.set_default_timeout(PATIENCE_MS)
        editor = EditorPage(context.new_page(), server.url)
        editor.open()
        editor.drop_file(TEXT_TO_IMAGE)
        expect(editor.page.get_by_role("tab", name="text_to_image")).to_be_visible()
        editor.wait_until_drawn()  # it is shown whole in the frame after its tab came
        yield editor
        assert editor.troubles.found == []


def test_fingers_zoom_move_and_open_menus(phone: EditorPage) -> None:
    fingers = Fingers(phone.page.context.new_cdp_session(phone.page))
    fingers.spread((205, 400), 80, 300)
    header = _head(phone, "KSampler")

    fingers.drag(header, (header.x + 40, header.y + 60))
    moved = _head(phone, "KSampler")
    assert (round(moved.x - header.x), round(moved.y - header.y)) == pytest.approx((40, 60), abs=8)

    ground = (200.0, 740.0)
    fingers.drag(ground, (ground[0] + 30, ground[1] - 40))
    panned = _head(phone, "KSampler")
    assert (round(panned.x - moved.x), round(panned.y - moved.y)) == pytest.approx((30, -40), abs=8)

    menu = phone.page.get_by_role("menu")
    fingers.down(ground)
    expect(menu).to_be_visible()
    fingers.up()
    phone.wait_until_drawn()
    expect(menu).to_be_visible()
    assert _head(phone, "KSampler") == panned, "the finger chose nothing as it lifted"
    menu.get_by_role("menuitem", name="Add node").tap()
    palette = phone.page.get_by_role("dialog", name="Add node")
    palette.get_by_role("combobox").fill("VAE Encode")
    palette.get_by_role("option").first.tap()
    expect(phone.node("VAE Encode")).to_be_visible()


def _head(editor: EditorPage, title: str) -> Point:
    editor.wait_until_drawn()
    found = box_of(editor.node(title))
    return Point(found["x"] + 30, found["y"] + 10)
