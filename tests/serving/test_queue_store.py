"""The queue's file: what was written down is found again, by a new process too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from serving.job_pages import Page
from serving.jobs import Job, JobState, Outcome
from serving.queue_store import Documents, QueueStore, Record, StoreError

ROOT = Path(__file__).parents[2]


def job(number: int, **others: object) -> Job:
    """Return a job that was submitted as the `number`th."""
    return Job(f"job {number}", number, float(number), 1000 * number, ("9",), **others)  # type: ignore[arg-type]


def add(store: QueueStore, *jobs: Job) -> None:
    """Take jobs in."""
    for each in jobs:
        store.add(each, Documents(b'{"9":{}}', b"{}"))


def done(at: int = 5) -> Outcome:
    """Return a good end."""
    shown = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}
    meta = {"9": {"node_id": "9"}}
    return Outcome(JobState.DONE, 1, at, shown, meta, (("execution_start", {"prompt_id": "x"}),))


def test_everything_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "user" / "queue.sqlite"
    store = QueueStore.open(path)
    full = job(1, priority=3, client_id="c", labels=("a", "ü"), workflow_id="w", node_count=7)
    add(store, full, job(2))
    store.start(job(2), 99)
    store.finish("job 2", done())
    store.note("paused", "yes")
    store.close()
    again = QueueStore.open(path)
    assert again.unfinished() == [full]
    assert again.documents("job 1") == Documents(b'{"9":{}}', b"{}")
    assert again.finished() == ["job 2"]
    assert again.find("job 2") == Record(job(2), JobState.DONE, done())
    assert again.note("paused") == "yes"
    assert again.last_order() == 2
    again.close()


def test_history_is_in_order_of_ending_and_bounded(tmp_path: Path) -> None:
    store = QueueStore(tmp_path / "queue.sqlite", most_history=3)
    add(store, *(job(number) for number in range(1, 7)))
    for number in (5, 1, 4, 2, 3):
        store.finish(f"job {number}", done())
    assert store.finished() == ["job 4", "job 2", "job 3"]
    assert store.finished(limit=1, offset=1) == ["job 2"]
    assert store.finished_count() == 3
    assert store.documents("job 5") is None, "its texts go with it"
    assert [each.order for each in store.unfinished()] == [6]
    store.close()


def test_pages_filter_sort_and_count(tmp_path: Path) -> None:
    store = QueueStore.open(tmp_path / "queue.sqlite")
    add(store, *(job(number, labels=("even",) if number % 2 == 0 else ()) for number in range(1, 7)))
    for number, seconds in ((1, 50), (2, 10), (3, 30)):
        store.finish(f"job {number}", done(at=seconds))
    store.finish("job 4", Outcome(JobState.CANCELLED, ended_ms=5))
    found, total = store.page(Page(states=(JobState.DONE,), by_duration=True, limit=2))
    assert ([record.job.order for record in found], total) == ([1, 3], 3)
    found, total = store.page(Page(label="even", only_begun=False, descending=False))
    assert ([record.job.order for record in found], total) == ([2, 4, 6], 3)
    assert {record.job.order for record in store.page(Page())[0]} == {1, 2, 3, 5, 6}, "4 was taken out before it ran"
    assert store.counts()[JobState.PENDING] == 2
    store.close()


def test_a_second_server_on_one_folder_is_refused(tmp_path: Path) -> None:
    store = QueueStore.open(tmp_path / "queue.sqlite")
    script = (
        "import sys; from pathlib import Path; from serving.queue_store import QueueStore, StoreError\n"
        "try: QueueStore.open(Path(sys.argv[1]))\nexcept StoreError as error: print(error)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "queue.sqlite")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "another server runs on this user folder" in told
    store.close()
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize("content", [b"no database at all" * 100, b""], ids=["damaged", "empty"])
def test_a_damaged_file_is_put_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "queue.sqlite"
    path.write_bytes(content)
    store = QueueStore.open(path)
    add(store, job(1))
    assert store.unfinished() == [job(1)]
    store.close()
    kept = list(tmp_path.glob("queue.sqlite.damaged-*"))
    assert [each.read_bytes() for each in kept] == ([content] if content else [])
    assert bool(caplog.records) == bool(content)


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    store = QueueStore.open(path)
    store._db.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreError, match="version 99"):
        QueueStore.open(path)
    assert path.is_file()


def test_a_killed_process_loses_no_job_that_it_had_taken_in(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from serving.queue_store import Documents, QueueStore; from serving.jobs import Job\n"
        "store = QueueStore.open(Path(sys.argv[1]))\n"
        "for n in range(50): store.add(Job(str(n), n, float(n), 0, ('9',)), Documents(b'{}', b'{}'))\n"
        "store.start(Job('0', 0, 0.0, 0, ('9',), attempts=1), 5)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "queue.sqlite"
    assert subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, check=False).returncode == -9
    store = QueueStore.open(path)
    assert [each.id for each in store.unfinished()] == [str(number) for number in range(50)]
    assert store.unfinished()[0].attempts == 1
    store.close()
