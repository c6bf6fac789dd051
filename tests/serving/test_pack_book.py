"""What the server knows of packs: told by the worker, blamed when it dies, served to clients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from files.folders import Folders
from graph.protocol import Decoder, LoadingPacks, Packs, encode
from serving.pack_book import PackBook
from serving.type_changes import changes_between
from serving.workers import Died
from tests.serving.file_server import serving

REPORT = {
    "name": "rain",
    "path": "/packs/rain",
    "version": "1.0",
    "kind": "weft",
    "state": "loaded",
    "seconds": 0.1,
    "nodes": ["Rain"],
    "problems": [],
    "notes": [],
}


def told(*reports: dict[str, Any], **others: Any) -> Packs:
    return Packs(json.dumps({"packs": reports, **others}).encode())


@pytest.fixture
def heard() -> list[tuple[str, Any]]:
    return []


@pytest.fixture
def book(tmp_path: Path, heard: list[tuple[str, Any]]) -> PackBook:
    return PackBook(Folders.below(tmp_path), lambda event, data: heard.append((event, data)))


def test_messages_about_packs_survive_the_link() -> None:
    messages = [LoadingPacks(("rain", "snow")), LoadingPacks(), told(REPORT)]
    assert Decoder().feed(b"".join(map(encode, messages))) == messages


def test_before_the_worker_told_packs_are_being_loaded(book: PackBook, tmp_path: Path) -> None:
    (tmp_path / "custom_nodes").mkdir()
    (tmp_path / "custom_nodes" / "rain.py").touch()
    assert [(each["name"], each["state"]) for each in book.describe()] == [("rain", "loading")]


def test_changes_are_told_and_at_first_all_that_was_being_loaded(book: PackBook, heard: list[tuple[str, Any]]) -> None:
    book.hear(told(REPORT, {**REPORT, "name": "fog"}, changed=[]))
    assert heard == [("packs_changed", {"changed": ["fog", "rain"]})]
    book.hear(told({**REPORT, "state": "partly"}, changed=["rain"]))
    assert heard[1:] == [("packs_changed", {"changed": ["rain"]})]
    book.hear(told({**REPORT, "state": "partly"}, changed=[]))
    assert len(heard) == 2


def test_without_packs_there_is_nothing_to_tell(book: PackBook, heard: list[tuple[str, Any]]) -> None:
    book.hear(told())
    assert heard == []


def test_one_that_was_being_imported_when_the_worker_died_is_left_out(book: PackBook) -> None:
    book.hear(LoadingPacks(("rain",)))
    book.hear(Died("Killed by signal 11."))
    assert list(book.words) == ["--without-pack", "rain"]
    book.hear(told({**REPORT, "state": "disabled"}))
    (report,) = book.describe()
    assert report["state"] == "disabled"
    assert "Killed by signal 11." in report["problems"][0]["message"]
    book.hear(told(REPORT))
    assert list(book.words) == []
    assert book.describe() == [REPORT]


def test_one_that_was_done_is_not_blamed(book: PackBook) -> None:
    book.hear(LoadingPacks(("rain",)))
    book.hear(LoadingPacks())
    book.hear(Died("Killed by signal 9."))
    assert list(book.words) == []


def test_one_that_takes_long_is_not_blamed_for_a_job(book: PackBook) -> None:
    book.hear(LoadingPacks(("rain",)))
    book.hear(Died("Killed by signal 9."), is_job_running=True)
    assert list(book.words) == []


def test_clients_are_told_what_the_worker_told(tmp_path: Path) -> None:
    scripts = tmp_path / "rain" / "js"
    scripts.mkdir(parents=True)
    (scripts / "rain.js").write_text("export {}")
    with serving(tmp_path) as server:
        assert server.get("/api/v1/packs").json == {"packs": []}
        server.call(lambda: server.worker.say(told(REPORT, web_folders={"rain": str(scripts)})))
        assert server.get("/api/v1/packs").json == {"packs": [REPORT]}
        assert server.get("/extensions").json == ["/extensions/rain/rain.js"]
        assert server.get("/extensions/rain/..%2F..%2Fsecret.js").status == 403


def test_node_types_are_compared_by_name() -> None:
    def document(**nodes: Any) -> bytes:
        return json.dumps(
            {"form": 1, "nodes": [{"name": name, "inputs": inputs} for name, inputs in nodes.items()]}
        ).encode()

    assert changes_between(document(a=1, b=2, c=3), document(b=2, c=4, d=5)) == {
        "added": ["d"],
        "changed": ["c"],
        "removed": ["a"],
    }
