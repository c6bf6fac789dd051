"""The index of the disk tier: which key leads to which blob, what the blobs cost, and digests of files; in SQLite.

    index = Index(folder / "index.sqlite")
    with index.writing():
        index.add(realm, key, Entry(digest, nbytes=10, result_bytes=12, seconds=1.5, source="KSampler"))

Several processes may have it open (WAL). Of two rows with one key the newer counts. Blobs that go are removed within
the transaction that removes their rows, so that no process can adopt a blob that is about to go.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 1
INDEX = "index.sqlite"
CLOCK = "clock"  # of the ranks: that of the last blob that had to go
BUSY_S = 30.0  # how long to wait for the other processes' writes
SCHEMA = """
CREATE TABLE blobs (digest BLOB PRIMARY KEY, nbytes INTEGER NOT NULL, result_bytes INTEGER NOT NULL,
    seconds REAL NOT NULL, source TEXT NOT NULL, made REAL NOT NULL, used REAL NOT NULL, hits INTEGER NOT NULL,
    rank REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE keys (realm BLOB NOT NULL, key BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (realm, key)) WITHOUT ROWID;
CREATE INDEX keys_by_digest ON keys (digest);
CREATE TABLE files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE numbers (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
"""


class Entry(NamedTuple):
    """A blob. `result_bytes`: what its result costs in memory; `source`: the type of the node that gave it."""

    digest: bytes
    nbytes: int
    result_bytes: int
    seconds: float
    source: str


class Totals(NamedTuple):
    """What blobs of one node type add up to. `saved_s`: seconds that hits spared; times in seconds since 1970."""

    source: str
    blobs: int
    nbytes: int
    seconds: float
    hits: int
    saved_s: float
    oldest: float
    used: float


INDEX_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What using an index may raise: SQLite quotes a damaged schema in its message, which then may be no UTF-8."""


def store_folder(folder: Path) -> Path:
    """Return where a store of this version lies below a cache folder; versions do not share files."""
    return folder / f"v{SCHEMA_VERSION}"


def open_index(folder: Path) -> Index:
    """Open the index of a store's folder; one that is damaged is begun anew, with a warning."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / INDEX
    try:
        return Index(path)
    except sqlite3.OperationalError:
        raise  # locked, full or not writable: not damaged
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        logger.warning(
            "The cache's index %s is damaged (%s); it is begun anew, and what it held is made again.", path, error
        )
        begin_anew(folder)
        return Index(path)


def begin_anew(folder: Path) -> None:
    """Remove the index of a store's folder."""
    for name in (INDEX, f"{INDEX}-wal", f"{INDEX}-shm"):
        (folder / name).unlink(missing_ok=True)


class Index:
    """The rows. One of INDEX_ERRORS if the file is damaged, full or locked for too long."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        if self._number("PRAGMA user_version") == SCHEMA_VERSION:
            return
        with self.writing():
            found = self._number("PRAGMA user_version")
            if found == SCHEMA_VERSION:
                return  # another process was quicker
            if found:
                raise sqlite3.DatabaseError(f"it has schema {found}, this is {SCHEMA_VERSION}")
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write, which one process has at a time; all or nothing is done."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def state(self) -> int:
        """Return a number that changes when another connection wrote."""
        return int(self._number("PRAGMA data_version"))

    def keys(self, realm: bytes) -> list[bytes]:
        """Return all keys of a realm."""
        return [row[0] for row in self._db.execute("SELECT key FROM keys WHERE realm = ?", (realm,))]

    def find(self, realm: bytes, key: bytes) -> Entry | None:
        """Return the blob of a key."""
        row = self._db.execute(
            "SELECT digest, nbytes, result_bytes, seconds, source FROM keys JOIN blobs USING (digest)"
            " WHERE realm = ? AND key = ?",
            (realm, key),
        ).fetchone()
        return None if row is None else Entry(*row)

    def has(self, digest: bytes) -> bool:
        """Return whether there is a row for a blob."""
        return self._db.execute("SELECT 1 FROM blobs WHERE digest = ?", (digest,)).fetchone() is not None

    def entries(self) -> list[Entry]:
        """Return all blobs."""
        return [
            Entry(*row)
            for row in self._db.execute("SELECT digest, nbytes, result_bytes, seconds, source FROM blobs").fetchall()
        ]

    def add(self, realm: bytes, key: bytes, entry: Entry) -> None:
        """Let a key lead to a blob."""
        now = self.now()
        rank = (self.number(CLOCK) or 0.0) + entry.seconds / max(entry.nbytes, 1)
        self._db.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)", (*entry, now, now, rank))
        self._db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", (realm, key, entry.digest))

    def alias(self, realm: bytes, other: bytes, key: bytes) -> bool:
        """Let `other` lead to the blob of `key`; return whether there is one."""
        done = self._db.execute(
            "INSERT OR REPLACE INTO keys SELECT realm, ?, digest FROM keys WHERE realm = ? AND key = ?",
            (other, realm, key),
        )
        return done.rowcount > 0

    def touch(self, digest: bytes) -> None:
        """Note that a blob was of use: it is young again."""
        self._db.execute(
            "UPDATE blobs SET used = ?, hits = hits + 1, rank = ? + (hits + 2) * seconds / max(nbytes, 1) WHERE digest = ?",
            (self.now(), self.number(CLOCK) or 0.0, digest),
        )

    def forget(self, digest: bytes) -> list[bytes]:
        """Remove a blob's rows; return the keys that led to it."""
        gone = self._db.execute("DELETE FROM keys WHERE digest = ? RETURNING key", (digest,)).fetchall()
        self._db.execute("DELETE FROM blobs WHERE digest = ?", (digest,))
        return [row[0] for row in gone]

    def surplus(self, budget_bytes: int, spared: Collection[bytes] = ()) -> list[Entry]:
        """Return the blobs that must go to keep a budget, by GreedyDual-Size-Frequency; the clock rises.

        spared: digests of blobs that go only if nothing else can.
        """
        excess = self.used_bytes() - budget_bytes
        if excess <= 0:
            return []
        gone: list[Entry] = []
        rows = self._db.execute("SELECT rank, digest, nbytes, result_bytes, seconds, source FROM blobs ORDER BY rank")
        late: list[Any] = []
        for rank, *row in chain(_others(rows, spared, late), late):
            if excess <= 0:
                break
            gone.append(Entry(*row))
            excess -= gone[-1].nbytes
            clock = rank
        if gone:
            self.set_number(CLOCK, clock)
        return gone

    def digests_of(self, realm: bytes, keys: Iterable[bytes]) -> set[bytes]:
        """Return the digests of the blobs to which some keys lead."""
        return {entry.digest for key in keys if (entry := self.find(realm, key)) is not None}

    def used_bytes(self) -> int:
        """Return the bytes of all blobs."""
        return int(self._number("SELECT coalesce(sum(nbytes), 0) FROM blobs"))

    def totals(self) -> list[Totals]:
        """Return sums by node type, the largest first."""
        rows = self._db.execute(
            "SELECT source, count(*), sum(nbytes), sum(seconds), sum(hits), sum(hits * seconds), min(made), max(used)"
            " FROM blobs GROUP BY source ORDER BY sum(nbytes) DESC"
        )
        return [Totals(*row) for row in rows]

    def lost_keys(self) -> int:
        """Remove keys that lead nowhere; return how many there were."""
        return self._db.execute("DELETE FROM keys WHERE digest NOT IN (SELECT digest FROM blobs)").rowcount

    def faults(self) -> list[str]:
        """Return what SQLite finds wrong with the file."""
        found = [str(row[0]) for row in self._db.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def file_digest(self, path: str, stamp: str) -> bytes | None:
        """Return the digest of a file that looked as it does now."""
        row = self._db.execute("SELECT digest FROM files WHERE path = ? AND stamp = ?", (path, stamp)).fetchone()
        return None if row is None else bytes(row[0])

    def note_file(self, path: str, stamp: str, digest: bytes) -> None:
        """Note the digest of a file."""
        self._db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (path, stamp, digest))

    def number(self, name: str) -> float | None:
        """Return what `set_number` set."""
        row = self._db.execute("SELECT value FROM numbers WHERE name = ?", (name,)).fetchone()
        return None if row is None else float(row[0])

    def set_number(self, name: str, value: float) -> None:
        """Keep a number for all processes."""
        self._db.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (name, value))

    def _number(self, query: str) -> Any:
        return self._db.execute(query).fetchone()[0]


def _others(rows: Iterable[Any], spared: Collection[bytes], late: list[Any]) -> Iterator[Any]:
    """Yield rows; those of spared blobs go to the end of `late` instead."""
    for row in rows:
        if row[1] in spared:
            late.append(row)
        else:
            yield row
