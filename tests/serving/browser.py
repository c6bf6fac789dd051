"""A real browser for tests: where it is, and what its pages complain of."""

from __future__ import annotations

import shutil

from playwright.sync_api import ConsoleMessage, Page, Response


def browser_path() -> str:
    """Return the system's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found is not None, "these tests need Chromium: apt-get install chromium"
    return found


class Troubles:
    """What a page complains of."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{response.status} {response.url}")
