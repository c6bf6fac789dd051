"""/docs in a real browser: it draws every route, finds, opens and tries them, and breaks no rule of its own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.serving.browser import Troubles, browser_path
from tests.serving.live_server import LiveServer, live_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server; its worker need not be ready."""
    with live_server(tmp_path_factory.mktemp("server")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of that browser."""
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.mark.parametrize("below", ["", "/api"])
def test_every_described_route_is_drawn_without_a_complaint(server: LiveServer, page: Page, below: str) -> None:
    troubles = Troubles(page)
    page.goto(f"{server.url}{below}/docs")
    paths = server.get("/openapi.json")["paths"]
    count = sum(len(item.keys() - {"servers"}) for item in paths.values())
    expect(page.locator("main .operation")).to_have_count(count)
    expect(page.locator("nav li")).to_have_count(count)
    for operation in page.locator("main .operation").all():
        operation.locator("summary").first.click()
    expect(page.locator("main .operation > .inside")).to_have_count(count)
    assert troubles.found == []


def test_search_leaves_the_routes_that_have_all_words(server: LiveServer, page: Page) -> None:
    page.goto(f"{server.url}/docs")
    page.locator("main .operation").first.wait_for()
    page.keyboard.press("/")
    page.keyboard.type("pause QUEUE")
    expect(page.locator("main .operation:visible")).to_have_count(1)
    expect(page.locator("#patch_api_v1_queue")).to_be_visible()
    page.keyboard.type(" nowhere")
    expect(page.get_by_text("No route has these words.")).to_be_visible()
    page.goto(f"{server.url}/docs#get_api_v1_jobs")  # on the page that is open
    expect(page.locator("#get_api_v1_jobs > .inside")).to_be_visible()


def test_a_link_opens_its_route_which_is_tried_with_what_was_typed(server: LiveServer, page: Page) -> None:
    page.goto(f"{server.url}/docs#get_api_v1_jobs_job_id")
    operation = page.locator("#get_api_v1_jobs_job_id")
    operation.get_by_label("job_id").fill("a/b")
    expect(operation.locator(".command code")).to_contain_text("/api/v1/jobs/a%2Fb")
    operation.get_by_role("button", name="Try it").click()
    expect(operation.locator(".answer")).to_contain_text("There is no job a/b.")


def test_types_open_in_place_also_those_that_contain_others(server: LiveServer, page: Page) -> None:
    page.goto(f"{server.url}/docs#get_api_v1_jobs")
    operation = page.locator("#get_api_v1_jobs")
    operation.locator("li > details > summary", has_text="JobView[]").click()
    expect(operation.get_by_text("created_ms")).to_be_visible()


@pytest.mark.parametrize("name", ["docs.html", "../routing.py", "..%2Frouting.py", "nothing.js", "docs.py"])
def test_only_files_of_the_page_are_served(server: LiveServer, name: str) -> None:
    status = requests.get(f"{server.url}/docs/assets/{name}", timeout=20).status_code
    assert status in (403, 404), "the editor refuses what leads out of its folder"
