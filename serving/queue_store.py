"""QueueStore: all jobs in SQLite, what waits and what is over; a killed server finds them as they were.

    store = QueueStore.open(user / "queue.sqlite")
    store.add(job, Documents(prompt=b"{...}", extra=b"{}"))
    store.unfinished()  # jobs that wait, and those that ran when the server ended

The file is held exclusively: a second server on one user folder is refused. Errors of the file are StoreErrors, each a
sentence.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from serving.job_pages import Page, conditions_of, is_found
from serving.jobs import Job, JobState, Outcome

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
MOST_ROWS = 2**63 - 1  # SQLite's largest number
MOST_HISTORY = 10_000  # jobs that are kept once they are over; ComfyUI's number
MOST_RESTARTS = 3  # of servers that a job may see end while it runs
SCHEMA = """
CREATE TABLE jobs (id TEXT PRIMARY KEY, submitted INTEGER NOT NULL, number REAL NOT NULL, priority INTEGER NOT NULL,
    created_ms INTEGER NOT NULL, client_id TEXT, labels TEXT NOT NULL, workflow_id TEXT, outputs TEXT NOT NULL,
    node_count INTEGER NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL, started_ms INTEGER, ended_ms INTEGER,
    finished INTEGER) WITHOUT ROWID;
CREATE INDEX jobs_by_state ON jobs (state);
CREATE INDEX jobs_by_finish ON jobs (finished) WHERE finished IS NOT NULL;
CREATE TABLE documents (id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE, prompt BLOB NOT NULL,
    extra BLOB NOT NULL, result BLOB);
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_JOB = "id, submitted, number, created_ms, outputs, priority, client_id, labels, workflow_id, node_count, attempts"
SEARCHED = "SELECT id, prompt, result, labels FROM jobs JOIN documents USING (id) WHERE id > ? ORDER BY id LIMIT ?"
SEARCHED_AT_ONCE = 50  # jobs; some 2 ms
UNFINISHED = (JobState.PENDING.value, JobState.RUNNING.value)


class StoreError(Exception):
    """The file of the queue cannot be used; the sentence says why."""


class Documents(NamedTuple):
    """The JSON texts of a job: its prompt and what the client sent along."""

    prompt: bytes
    extra: bytes


@dataclass(frozen=True)
class Record:
    """A job as the file has it. `outcome` is None until the job is over."""

    job: Job
    state: JobState
    outcome: Outcome | None = None


class Result(msgspec.Struct):
    """How an outcome is written."""

    outputs: dict[str, Any] = {}
    meta: dict[str, Any] = {}
    messages: list[tuple[str, dict[str, Any]]] = []
    error: dict[str, Any] | None = None


class QueueStore:
    """The file. One thread uses it."""

    def __init__(self, path: Path, *, most_history: int = MOST_HISTORY) -> None:
        self._most_history = most_history
        self._db = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._prepare()
            self._finished = int(self._one("SELECT coalesce(max(finished), 0) FROM jobs WHERE finished IS NOT NULL"))
        except BaseException:
            self._db.close()
            raise

    @staticmethod
    def open(path: Path, *, now: Callable[[], float] = time.time) -> QueueStore:
        """Open the file or make it; a damaged one is put aside with a warning. StoreError if it is in use or unwritable."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return QueueStore(path)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StoreError(f"{path} is in use: another server runs on this user folder. End it first.") from error
            raise StoreError(f"{path} cannot be opened: {error}. Check the folder's rights and the disk.") from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            aside = path.with_name(f"{path.name}.damaged-{int(now())}")
            path.rename(aside)
            for rest in ("-wal", "-shm"):
                path.with_name(path.name + rest).unlink(missing_ok=True)
            logger.warning("%s is damaged (%s); it is kept as %s, and a new one is begun.", path, error, aside.name)
            return QueueStore(path)
        except OSError as error:
            raise StoreError(
                f"{path.parent} cannot be made: {error.strerror or error}. Choose another folder."
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _prepare(self) -> None:
        found = self._one("PRAGMA user_version")
        if found not in (0, SCHEMA_VERSION):
            raise StoreError(f"The queue's file has version {found}, this program knows {SCHEMA_VERSION}. Update Weft.")
        with self._transaction():  # takes the lock that is held from now on
            if found == 0:
                for statement in SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Make all writes inside into one; StoreError if the disk does not take them."""
        with self._telling(), self._transaction():
            yield

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn SQLite's errors into StoreErrors; a single statement is a transaction of its own."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"The queue's file cannot be written to: {error}. Is the disk full?") from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Make all writes inside into one; an error takes them all back."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def add(self, job: Job, documents: Documents) -> None:
        """Take a job in; StoreError if the disk does not take it."""
        row = (
            job.id, job.order, job.number, job.created_ms, _text(job.outputs), job.priority, job.client_id,
            _text(job.labels), job.workflow_id, job.node_count, job.attempts, JobState.PENDING.value,
        )  # fmt: skip
        with self._writing():
            marks = ", ".join("?" * len(row))
            self._db.execute(f"INSERT OR REPLACE INTO jobs ({_JOB}, state) VALUES ({marks})", row)
            self._db.execute(
                "INSERT OR REPLACE INTO documents (id, prompt, extra) VALUES (?, ?, ?)", (job.id, *documents)
            )

    def start(self, job: Job, now_ms: int) -> None:
        """Note that a job is sent to the worker."""
        with self._telling():
            self._db.execute(
                "UPDATE jobs SET state = ?, attempts = ?, started_ms = ? WHERE id = ?",
                (JobState.RUNNING.value, job.attempts, now_ms, job.id),
            )

    def wait_again(self, job: Job) -> None:
        """Note that a job waits again."""
        with self._telling():
            self._db.execute(
                "UPDATE jobs SET state = ?, started_ms = NULL WHERE id = ?", (JobState.PENDING.value, job.id)
            )

    def change(self, jobs: Iterable[Job]) -> None:
        """Note new priorities, numbers and labels."""
        rows = [(job.number, job.priority, _text(job.labels), job.id) for job in jobs]
        with self._writing():
            self._db.executemany("UPDATE jobs SET number = ?, priority = ?, labels = ? WHERE id = ?", rows)

    def finish(self, job_id: str, outcome: Outcome) -> None:
        """Note what became of a job, and forget the oldest jobs beyond the limit."""
        result = Result(dict(outcome.outputs), dict(outcome.meta), [(n, dict(d)) for n, d in outcome.messages])
        result.error = dict(outcome.error) if outcome.error is not None else None
        self._finished += 1  # nobody else writes to the file
        with self._writing():
            self._db.execute(
                "UPDATE jobs SET state = ?, started_ms = ?, ended_ms = ?, finished = ? WHERE id = ?",
                (outcome.state.value, outcome.started_ms, outcome.ended_ms, self._finished, job_id),
            )
            self._db.execute("UPDATE documents SET result = ? WHERE id = ?", (msgspec.json.encode(result), job_id))
            if self._finished > self._most_history:
                self._db.execute("DELETE FROM jobs WHERE finished <= ?", (self._finished - self._most_history,))

    def forget(self, job_ids: Iterable[str]) -> None:
        """Delete jobs that are over."""
        with self._writing():
            self._db.executemany(
                "DELETE FROM jobs WHERE id = ? AND finished IS NOT NULL", [(job_id,) for job_id in job_ids]
            )

    def forget_all(self) -> None:
        """Delete all jobs that are over."""
        with self._writing():
            self._db.execute("DELETE FROM jobs WHERE finished IS NOT NULL")

    def unfinished(self) -> list[Job]:
        """Return the jobs that are not over, in the order in which they were submitted."""
        rows = self._db.execute(f"SELECT {_JOB} FROM jobs WHERE state IN (?, ?) ORDER BY submitted", UNFINISHED)
        return [_job(row) for row in rows]

    def documents(self, job_id: str) -> Documents | None:
        """Return the prompt of a job and what was sent along."""
        row = self._db.execute("SELECT prompt, extra FROM documents WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else Documents(*row)

    def find(self, job_id: str) -> Record | None:
        """Return a job, whatever its state."""
        return next(iter(self._records("WHERE jobs.id = ?", (job_id,))), None)

    def finished(self, limit: int | None = None, offset: int = 0) -> list[str]:
        """Return the ids of jobs that are over and had begun, in the order in which they ended."""
        where = "WHERE finished IS NOT NULL AND started_ms IS NOT NULL ORDER BY finished LIMIT ? OFFSET ?"
        return [row[0] for row in self._db.execute(f"SELECT id FROM jobs {where}", _window(limit, offset))]

    def finished_count(self) -> int:
        """Return how many jobs `finished` has."""
        return int(self._one("SELECT count(*) FROM jobs WHERE finished IS NOT NULL AND started_ms IS NOT NULL"))

    def page(self, page: Page) -> tuple[list[Record], int]:
        """Return a page of a list of jobs, and how many there are on all pages."""
        where, values = conditions_of(page)
        total = int(self._one(f"SELECT count(*) FROM jobs WHERE {where}", values))
        key = "coalesce(ended_ms - started_ms, 0)" if page.by_duration else "created_ms"
        way = "DESC" if page.descending else "ASC"
        order = f"ORDER BY {key} {way}, submitted {way} LIMIT ? OFFSET ?"
        return self._records(f"WHERE {where} {order}", (*values, *_window(page.limit, page.offset))), total

    def search(self, text: str) -> Iterator[list[str]]:
        """Yield the ids of the jobs that have every word of a text, after every few jobs that were looked at."""
        last = ""
        while rows := self._db.execute(SEARCHED, (last, SEARCHED_AT_ONCE)).fetchall():
            last = rows[-1][0]
            yield [row[0] for row in rows if is_found(text, *row[1:])]

    def counts(self) -> dict[JobState, int]:
        """Return how many jobs there are in each state."""
        rows = self._db.execute("SELECT state, count(*) FROM jobs GROUP BY state")
        found = {JobState(state): count for state, count in rows}
        return {state: found.get(state, 0) for state in JobState}

    def last_order(self) -> int:
        """Return the largest `order` of any job so far."""
        return int(self._one("SELECT coalesce(max(submitted), 0) FROM jobs"))

    def note(self, name: str, value: str | None = None) -> str | None:
        """Return a note of that name, after writing it if a value is given."""
        if value is not None:
            with self._writing():
                self._db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))
        row = self._db.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _records(self, where: str, values: tuple[Any, ...]) -> list[Record]:
        columns = ", ".join(f"jobs.{name.strip()}" for name in _JOB.split(","))
        rows = self._db.execute(
            f"SELECT {columns}, state, started_ms, ended_ms, result FROM jobs JOIN documents USING (id) {where}", values
        )
        return [Record(_job(row[:11]), JobState(row[11]), _outcome(*row[11:])) for row in rows]

    def _one(self, statement: str, values: tuple[Any, ...] = ()) -> Any:
        return self._db.execute(statement, values).fetchone()[0]


def _window(limit: int | None, offset: int) -> tuple[int, int]:
    """Return LIMIT and OFFSET as SQLite takes them: -1 for no limit, and nothing beyond 64 bits."""
    return (-1 if limit is None else min(limit, MOST_ROWS), min(offset, MOST_ROWS))


def _job(row: tuple[Any, ...]) -> Job:
    job_id, order, number, created_ms, outputs, priority, client_id, labels, workflow_id, node_count, attempts = row
    return Job(
        job_id, order, number, created_ms, tuple(msgspec.json.decode(outputs)), priority, client_id,
        tuple(msgspec.json.decode(labels)), workflow_id, node_count, attempts,
    )  # fmt: skip


def _outcome(state: str, started_ms: int | None, ended_ms: int | None, result: bytes | None) -> Outcome | None:
    if result is None:
        return None
    read = msgspec.json.decode(result, type=Result)
    return Outcome(JobState(state), started_ms, ended_ms, read.outputs, read.meta, tuple(read.messages), read.error)


def _text(values: Iterable[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
