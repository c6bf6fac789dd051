"""Make the pictures of the editor in docs/images: its main views, in both themes, from a real server and browser.

python docs/make_screenshots.py  # build web/ first (`make editor`)
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.serving.browser import browser_path  # noqa: E402
from tests.serving.live_server import live_server  # noqa: E402
from tests.web.conftest import folder_with_model  # noqa: E402
from tests.web.editor_page import EditorPage  # noqa: E402

IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1440, "height": 860}
PATIENCE_MS = 120_000
QUALITY = 82


def main() -> None:
    """Start everything and take the pictures."""
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory() as folder, live_server(folder_with_model(Path(folder))) as server:
        server.wait_until_ready()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
            for theme in ("dark", "light"):
                take(browser, server.url, theme)
            browser.close()


def take(browser: Browser, url: str, theme: Literal["dark", "light"]) -> None:
    """Take all pictures in one theme."""
    with browser.new_context(
        viewport=SIZE,  # type: ignore[arg-type]
        color_scheme=theme,
        reduced_motion="reduce",
        locale="en",
    ) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        editor = EditorPage(page, url)
        editor.open()
        for name in views(editor):
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            picture.save(IMAGES / f"editor-{name}-{theme}.webp", quality=QUALITY, method=6)


def views(editor: EditorPage) -> Iterator[str]:
    """Show one view after the other and say which."""
    page = editor.page
    editor.drop_file(ROOT / "workflows" / "text_to_image.json")
    editor.run()
    editor.expect_picture("Save Image")
    editor.canvas.focus()
    page.keyboard.press(".")
    yield "graph"
    page.keyboard.press("Space")
    page.get_by_role("dialog", name="Add node").get_by_role("combobox").fill("sampler")
    page.get_by_role("option", name="KSampler").first.wait_for()
    yield "palette"
    page.keyboard.press("Escape")
    expect(editor.panel("Queue").get_by_text("Done").first).to_be_visible()
    yield "queue"


if __name__ == "__main__":
    main()
