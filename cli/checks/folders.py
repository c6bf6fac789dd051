"""The folders: whether they exist, can be written to and have room."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.checks.finding import Finding, Site, State, size_text

LOW_BYTES = 1_000_000_000  # some hundred pictures of a large model
FULL_BYTES = 20_000_000  # not even a few pictures


class Rule(NamedTuple):
    """A folder and what it is for."""

    name: str
    path: Path
    is_needed: bool  # nothing runs without it
    is_written: bool  # runs write there; it is made when it is first needed


def check_folders(site: Site) -> Iterator[Finding]:
    """Look at the models tree and at the folders for inputs, results and temporary files."""
    folders = site.folders
    yield look_at(Rule("models", folders.base / "models", is_needed=True, is_written=False))
    yield look_at(Rule("input", folders.input, is_needed=False, is_written=False))
    yield look_at(Rule("output", folders.output, is_needed=False, is_written=True))
    yield look_at(Rule("temp", folders.temp, is_needed=False, is_written=True))


def look_at(rule: Rule) -> Finding:
    """Return what there is to say about one folder."""
    name, path = rule.name, rule.path
    standing = _standing(path)
    exists, can_write = path.is_dir(), _why_not_writable(standing) is None
    free_bytes = _free_bytes(standing)
    data = {"path": str(path), "exists": exists, "is_writable": can_write, "free_bytes": free_bytes}
    if path.exists() and not exists:
        remedy = f"Move it away: mv {path} {path}.old"
        return Finding(name, State.PROBLEM, f"{name}: {path} is a file; a folder is needed.", remedy, data)
    if not exists and not rule.is_written:
        state = State.PROBLEM if rule.is_needed else State.NOTE
        remedy = f"Make it: mkdir -p {path}" + (" (or choose another --base-directory)" if rule.is_needed else "")
        return Finding(name, state, f"{name}: there is no folder {path}.", remedy, data)
    if rule.is_written and not can_write:
        remedy = (
            f"Change the rights of {standing}, or choose another folder with --output-directory or --base-directory."
        )
        return Finding(name, State.PROBLEM, f"{name}: {_why_not_writable(standing)}.", remedy, data)
    return _with_room(rule, exists, can_write, free_bytes, data)


def _with_room(rule: Rule, exists: bool, can_write: bool, free_bytes: int, data: dict[str, object]) -> Finding:
    there = ("writable" if can_write else "read-only") if exists else "is made when it is first needed"
    message = f"{rule.name}: {rule.path}, {there}, {size_text(free_bytes)} free"
    if not rule.is_written or free_bytes >= LOW_BYTES:
        return Finding(rule.name, State.OK, message, data=data)
    state = State.PROBLEM if free_bytes < FULL_BYTES else State.NOTE
    return Finding(rule.name, state, message, f"Free space on the disk of {rule.path}.", data)


def _standing(path: Path) -> Path:
    """Return the folder itself, or the nearest one above it that exists."""
    return next((folder for folder in (path, *path.absolute().parents) if folder.exists()), Path("/"))


def _why_not_writable(folder: Path) -> str | None:
    """Return why no file can be made in a folder, None if one can: it is tried, for rights do not tell of all reasons."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder} cannot be written to ({error.strerror or error})"


def _free_bytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
