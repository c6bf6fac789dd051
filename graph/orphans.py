"""Orphans: files of a store that no row of its index names, left by a process that ended while it wrote.

    if is_due(index):
        sweep(index, blobs)  # bytes that were freed

A file is written before its row, so that a row never leads nowhere; in between it looks like an orphan. Therefore only
files that are older than any write takes go, each while nobody else can enter a row: who wrote one that goes, finds it
gone and enters nothing.
"""

from __future__ import annotations

from graph.blob_files import BlobFile, BlobFiles
from graph.store_index import Index

ORPHANED_S = 600.0  # no write waits for its row that long
SWEEP_EVERY_S = 3600.0  # to look at 10,000 files takes 0.1 s (2 cores, NVMe, 2026-11)
SWEPT = "swept"


def is_due(index: Index) -> bool:
    """Return whether no process has swept for long."""
    swept = index.number(SWEPT)
    return swept is None or not 0 <= index.now() - swept < SWEEP_EVERY_S


def sweep(index: Index, blobs: BlobFiles) -> int:
    """Remove orphans; return their bytes. The index is locked only if there are any."""
    index.set_number(SWEPT, index.now())
    known = {entry.digest for entry in index.entries()}
    found = [file for file in blobs.walk() if file.digest not in known and is_old(index, file)]
    if not found:
        return 0
    with index.writing():
        gone = [file for file in found if file.digest is None or not index.has(file.digest)]
        for file in gone:
            file.path.unlink(missing_ok=True)
    return sum(file.nbytes for file in gone)


def is_old(index: Index, file: BlobFile) -> bool:
    """Return whether a file was written so long ago that whoever wrote it is done."""
    return abs(index.now() - file.written) > ORPHANED_S
