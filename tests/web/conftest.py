"""A real server with the built-in model and the built editor, and a real browser; one of each for all of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.serving.browser import browser_path
from tests.serving.live_server import ROOT, LiveServer, live_server
from tests.web.editor_page import EditorPage

MODEL = ROOT / "models" / "checkpoints" / "weft-demo.safetensors"
PATIENCE_MS = 30_000
OTHER_NAME = "weft.test"  # leads to this machine too, but browsers do not know that: to them it is another one
SIZE = {"width": 1600, "height": 1000}


@pytest.fixture(scope="package")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the server's folder, with the built-in model."""
    if not (ROOT / "web" / "dist" / "index.html").is_file():
        pytest.skip("the editor is not built: run `make editor`")
    return folder_with_model(tmp_path_factory.mktemp("base"))


def folder_with_model(base: Path) -> Path:
    """Put the built-in model into a server's folder."""
    (base / "models" / "checkpoints").mkdir(parents=True)
    (base / "models" / "checkpoints" / MODEL.name).symlink_to(MODEL)
    return base


@pytest.fixture(scope="package")
def server(base: Path) -> Iterator[LiveServer]:
    """Start a server."""
    with live_server(base) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start a browser."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=browser_path(), args=["--no-sandbox", f"--host-resolver-rules=MAP {OTHER_NAME} 127.0.0.1"]
        )
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Return a browser profile of its own."""
    with browser.new_context(viewport=SIZE, reduced_motion="reduce", locale="en") as made:  # type: ignore[arg-type]
        made.set_default_timeout(PATIENCE_MS)
        yield made


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Return an empty page."""
    return context.new_page()


@pytest.fixture
def editor(page: Page, server: LiveServer) -> Iterator[EditorPage]:
    """Open the editor; at the end it has complained of nothing."""
    opened = EditorPage(page, server.url)
    opened.open()
    yield opened
    assert opened.troubles.found == []
