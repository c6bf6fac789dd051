"""Care of a disk tier that need not be open: what it holds, whether it is whole, making it smaller.

report = check(folder, is_repairing=True)
report.problems  # ("A result of KSampler does not hold what was written; it is removed.",)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from graph.blob_files import BlobFiles, DamagedBlobError
from graph.errors import GraphError
from graph.orphans import sweep
from graph.store_index import INDEX_ERRORS, Entry, Index, Totals, begin_anew, open_index


@dataclass(frozen=True)
class Report:
    """What a check found. `problems`: a sentence for each kind of fault and each damaged result."""

    blobs: int
    nbytes: int
    problems: tuple[str, ...]


class Opened(NamedTuple):
    """A store's two halves."""

    rows: Index
    blobs: BlobFiles


@contextmanager
def _opened(folder: Path) -> Iterator[Opened]:
    try:
        index = open_index(folder)
        try:
            yield Opened(index, BlobFiles(folder / "blobs"))
        finally:
            index.close()
    except INDEX_ERRORS as error:
        raise GraphError(
            f"The cache {folder} cannot be read ({error}); weft cache verify mends what can be."
        ) from error


def totals(folder: Path) -> tuple[Totals, ...]:
    """Return what a store holds, by node type; GraphError if its index cannot be read."""
    with _opened(folder) as opened:
        return tuple(opened.rows.totals())


def check(folder: Path, *, is_repairing: bool) -> Report:
    """Read every blob, compare index and files; remove what is damaged, lost or half-written, if asked to."""
    fault = _index_fault(folder)
    if fault is not None:
        problem = f"The index is damaged ({fault}), so nothing in the cache can be found."
        if is_repairing:
            begin_anew(folder)
            check(folder, is_repairing=True)
        return Report(0, 0, (problem,))
    with _opened(folder) as (index, blobs):
        problems = []
        entries = index.entries()
        for entry in entries:
            fault = _fault(blobs, entry)
            if fault is not None:
                problems.append(f"A result of {entry.source} {fault}.")
                if is_repairing:
                    _remove(index, blobs, entry.digest)
        problems += _strays(index, blobs, is_repairing)
        return Report(len(entries), sum(entry.nbytes for entry in entries), tuple(problems))


def trim(folder: Path, budget_bytes: int) -> int:
    """Remove orphans, and what is cheap for its size until a budget is kept; return the bytes that went."""
    with _opened(folder) as (index, blobs):
        with index.writing():
            gone = index.surplus(budget_bytes)
            for entry in gone:
                index.forget(entry.digest)
                blobs.remove(entry.digest)
        return sum(entry.nbytes for entry in gone) + sweep(index, blobs)


def _index_fault(folder: Path) -> str | None:
    try:
        with _opened(folder) as opened:
            return next(iter(opened.rows.faults()), None)
    except GraphError as error:
        if isinstance(error.__cause__, sqlite3.OperationalError):
            raise  # locked or not to be opened: not damaged
        return str(error.__cause__)


def _fault(blobs: BlobFiles, entry: Entry) -> str | None:
    try:
        return None if len(blobs.read(entry.digest)) == entry.nbytes else "has another size than the index says"
    except FileNotFoundError:
        return "has lost its file"
    except DamagedBlobError:
        return "does not hold what was written"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"


def _remove(index: Index, blobs: BlobFiles, digest: bytes) -> None:
    with index.writing():
        index.forget(digest)
        blobs.remove(digest)


def _strays(index: Index, blobs: BlobFiles, is_repairing: bool) -> list[str]:
    """Find files that no row names. While they are removed no other process can enter a blob."""
    with index.writing():
        known = {entry.digest for entry in index.entries()}
        strays = [file for file in blobs.walk() if file.digest not in known]
        if is_repairing:
            for file in strays:
                file.path.unlink(missing_ok=True)
            index.lost_keys()
    return [f"{len(strays)} files belong to no result (a write did not end)."] if strays else []
