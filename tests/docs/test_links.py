"""What the pages point at is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.examples import ROOT
from tests.docs.links import named_paths, relative_links

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
NAMING_PATHS = (ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_relative_links_resolve(page: Path) -> None:
    links = relative_links(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", NAMING_PATHS, ids=lambda page: page.name)
def test_every_file_and_folder_that_a_page_names_is_there(page: Path) -> None:
    paths = named_paths(page.read_text(encoding="utf-8"))
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", ["graph/nowhere.py", "nowhere/", "nowhere.md", "docs/nowhere/<name>.py"])
def test_a_name_that_leads_nowhere_would_be_noticed(name: str) -> None:
    (path,) = named_paths(f"See `{name}`, `Run`, `weft run`, `/object_info` and `1/2 of it`.")
    assert not (ROOT / path).exists()


def test_links_are_those_within_the_repository() -> None:
    assert relative_links("[a](docs/a.md#top) [b](https://example.org/b.md) [c](#here)") == ["docs/a.md"]
