"""The node types as the server knows them: at once on a second start, fresh, and never wrong because of an old file."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated

import pytest

from files.folders import Folders
from graph.describe import describe_all
from graph.registry import Registry
from graph.spec import node
from graph.spec_document import write_registry
from graph.widgets import File
from serving.node_book import BookState, NodeBook
from serving.spec_cache import NAME, SpecCache, fingerprint
from serving.workers import WorkerError


@node(category="test")
def LoadThing(name: Annotated[str, File("vae")], picture: Annotated[str, File("input")]) -> int:
    """Take two files."""
    return 1


REGISTRY = Registry.of(LoadThing)
PAYLOAD = write_registry(REGISTRY)


def open_book(base: Path, mark: str = "same sources") -> NodeBook:
    return NodeBook(Folders.below(base), SpecCache(base / "user" / "cache", mark))


def add(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_a_book_knows_nothing_until_the_worker_tells(tmp_path: Path) -> None:
    async def ask() -> None:
        book = open_book(tmp_path)
        book.note_trouble("It has no device.")
        assert book.object_info() == b"{}"
        assert book.describe("LoadThing") is None
        with pytest.raises(WorkerError, match=r"within 0\.01 s\. It has no device\."):
            await book.wait(0.01)
        waiting = asyncio.create_task(book.wait(60))
        await asyncio.sleep(0)
        book.update(PAYLOAD)
        assert (await waiting).names() == ("LoadThing",)
        assert book.state is BookState.CURRENT

    asyncio.run(ask())


def test_the_next_start_remembers_the_types(tmp_path: Path) -> None:
    open_book(tmp_path).update(PAYLOAD)
    book = open_book(tmp_path)
    assert book.state is BookState.REMEMBERED
    assert asyncio.run(book.wait(0)).names() == ("LoadThing",)
    book.update(PAYLOAD)
    assert book.state is BookState.CURRENT


def test_what_the_last_start_left_is_read_when_somebody_asks_and_not_before(tmp_path: Path) -> None:
    book = open_book(tmp_path)
    SpecCache(tmp_path / "user" / "cache", "same sources").write(PAYLOAD)
    assert book.state is BookState.REMEMBERED
    assert book.registry is not None
    assert open_book(tmp_path, "others").registry is None


def test_types_of_other_sources_are_not_remembered(tmp_path: Path) -> None:
    open_book(tmp_path).update(PAYLOAD)
    assert open_book(tmp_path, "changed sources").state is BookState.EMPTY


@pytest.mark.parametrize("damage", [b"", b"x", b"same sources\n0\n{}", b"\xff\n\xff\n\xff"])
def test_a_damaged_file_is_as_none(tmp_path: Path, damage: bytes) -> None:
    open_book(tmp_path).update(PAYLOAD)
    (tmp_path / "user" / "cache" / NAME).write_bytes(damage)
    book = open_book(tmp_path)
    assert book.state is BookState.EMPTY
    book.update(PAYLOAD)
    assert open_book(tmp_path).state is BookState.REMEMBERED


def test_a_whole_file_of_another_form_is_as_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    SpecCache(tmp_path / "user" / "cache", "same sources").write(b'{"form": 0}')
    assert open_book(tmp_path).state is BookState.EMPTY
    assert "form 0" in caplog.text


def test_a_folder_that_cannot_be_written_costs_the_memory_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "user").touch()
    book = open_book(tmp_path)
    book.update(PAYLOAD)
    assert book.registry is not None
    assert "cannot be kept" in caplog.text


def test_descriptions_follow_the_folders(tmp_path: Path) -> None:
    book = open_book(tmp_path)
    book.update(PAYLOAD)
    for change in (
        lambda: None,
        lambda: add(tmp_path / "models" / "vae" / "a.safetensors"),
        lambda: add(tmp_path / "models" / "vae" / "deep" / "er" / "b.safetensors"),
        lambda: add(tmp_path / "input" / "picture.png"),
        lambda: os.remove(tmp_path / "models" / "vae" / "a.safetensors"),
        lambda: (tmp_path / "models" / "vae" / "deep").rename(tmp_path / "models" / "vae" / "other"),
    ):
        change()
        expected = describe_all(REGISTRY, book.names)
        assert json.loads(book.object_info()) == json.loads(json.dumps(expected))
        assert book.describe("LoadThing") == expected["LoadThing"]
    assert book.names("vae") == ["other/er/b.safetensors"]
    assert book.names("input") == ["picture.png"]
    assert book.names("no such kind") == []


def test_files_of_a_linked_folder_are_noticed(tmp_path: Path) -> None:
    add(tmp_path / "elsewhere" / "first.safetensors")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vae").symlink_to(tmp_path / "elsewhere")
    book = open_book(tmp_path)
    assert book.names("vae") == ["first.safetensors"]
    add(tmp_path / "elsewhere" / "second.safetensors")
    assert book.names("vae") == ["first.safetensors", "second.safetensors"]


def test_the_description_is_made_once_while_nothing_changes(tmp_path: Path) -> None:
    add(tmp_path / "models" / "vae" / "a.safetensors")
    for folder in ("models/vae", "input"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        os.utime(tmp_path / folder, (1, 1))  # long ago: what happens now has another time
    book = open_book(tmp_path)
    book.update(PAYLOAD)
    assert book.object_info() is book.object_info()
    assert book.names("vae") is book.names("vae")


def test_the_fingerprint_changes_with_sources_only(tmp_path: Path) -> None:
    sources = tmp_path / "nodes"
    add(sources / "deep" / "one.py")
    before = fingerprint([sources])
    add(sources / "__pycache__" / "one.pyc")
    add(sources / "notes.txt")
    add(sources / ".git" / "hook.py")
    assert fingerprint([sources, tmp_path / "not there"]) == before
    (sources / "deep" / "one.py").write_text("pass\n")
    changed = fingerprint([sources])
    assert changed != before
    add(sources / "two.py")
    assert fingerprint([sources]) not in (before, changed)
