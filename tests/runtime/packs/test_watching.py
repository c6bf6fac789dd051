"""Watching packs: no edit is lost, not even one from before the watch stands."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from runtime.packs import Shelf
from runtime.packs.watching import stamps_of, watch
from tests.runtime.packs.pack_folder import NODE, PackFolder, result_of

WAIT_S = 30.0


def edited_before_the_watch(packs: PackFolder, name: str, text: str | None) -> Shelf:
    """Load a shelf, write or remove a file, begin to watch; return the shelf when it has looked after that."""
    news: queue.SimpleQueue[None] = queue.SimpleQueue()
    before = stamps_of([packs.root])
    shelf = packs.shelf(on_news=lambda: news.put(None))
    if text is None:
        (packs.root / name).unlink()
    else:
        packs.write(name, text)
    watch(shelf, before)
    news.get(timeout=WAIT_S)
    assert shelf.refresh()
    return shelf


@pytest.mark.parametrize("name", ["rain.py", "rain/__init__.py", "rain/drops.py"])
def test_an_edit_between_the_load_and_the_watch_is_seen(packs: PackFolder, name: str) -> None:
    if name == "rain/drops.py":
        packs.write("rain/__init__.py", "from .drops import Rain")
    packs.write(name, NODE.format(name="Rain", factor=2))
    shelf = edited_before_the_watch(packs, name, NODE.format(name="Rain", factor=30))
    assert result_of(shelf, "Rain", value=1) == 30


def test_a_pack_that_came_before_the_watch_is_seen(packs: PackFolder) -> None:
    shelf = edited_before_the_watch(packs, "snow/__init__.py", NODE.format(name="Snow", factor=1))
    assert shelf.registry.find("Snow") is not None


def test_a_pack_that_went_before_the_watch_is_seen(packs: PackFolder) -> None:
    packs.write("rain.py", NODE.format(name="Rain", factor=2))
    shelf = edited_before_the_watch(packs, "rain.py", None)
    assert shelf.registry.find("Rain") is None


def test_loading_changes_no_stamp(packs: PackFolder) -> None:
    packs.write("rain/__init__.py", NODE.format(name="Rain", factor=2))
    packs.write("rain/node_modules/a.py")
    before = stamps_of([packs.root])
    packs.shelf()
    assert stamps_of([packs.root]) == before
    assert list(before) == [packs.root / "rain/__init__.py"]


def test_stamps_of_a_linked_pack_that_leads_back_to_itself(packs: PackFolder, tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    (far / "__init__.py").touch()
    (far / "back").symlink_to(far)
    (packs.root / "rain").symlink_to(far)
    assert list(stamps_of([packs.root, tmp_path / "none"])) == [packs.root / "rain/__init__.py"]
