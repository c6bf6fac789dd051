"""Over plain HTTP from another machine browsers lack locks, random UUIDs and the clipboard: everything works without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.serving.live_server import typed_server
from tests.web.conftest import OTHER_NAME
from tests.web.editor_page import EditorPage
from tests.web.test_losses import KEPT, crash


@pytest.fixture(scope="module")
def url(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with typed_server(tmp_path_factory.mktemp("plain"), 0, "--allow-host", OTHER_NAME) as server:
        yield server.url.replace("127.0.0.1", OTHER_NAME)


def opened(context: BrowserContext, url: str) -> EditorPage:
    editor = EditorPage(context.new_page(), url)
    editor.open()
    assert not editor.page.evaluate("isSecureContext || 'locks' in navigator || 'randomUUID' in crypto")
    return editor


def test_windows_keep_their_own_drafts_and_take_those_of_windows_that_are_gone(
    context: BrowserContext, url: str
) -> None:
    first = opened(context, url)
    first.add_at(400, 300, "Empty Latent Image")
    first.add_at(800, 300, "VAE Decode")
    first.page.evaluate(KEPT, 2)
    second = opened(context, url)
    second.expect_counts(0, 0)
    first.page.reload()
    first.wait_until_connected()
    first.expect_counts(2, 0)
    crash(first.page, second.page)
    third = opened(context, url)
    expect(third.page.get_by_text("1 workflow with unsaved changes was brought back")).to_be_visible()
    third.expect_counts(2, 0)


def test_nodes_are_copied_by_the_menu_and_pasted_by_keys(context: BrowserContext, url: str) -> None:
    editor = opened(context, url)
    editor.add_at(400, 300, "VAE Decode")
    editor.node("VAE Decode").click(position={"x": 40, "y": 10}, button="right")
    editor.page.get_by_role("menuitem", name=re.compile("^Copy")).first.click()
    editor.canvas.focus()
    editor.page.keyboard.press("Control+v")
    editor.expect_counts(2, 0)
