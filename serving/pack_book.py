"""PackBook: what the worker told of node packs, and which of them ended workers while they were imported.

    book = PackBook(folders, tell=hub.send)
    book.hear(Packs(b"{...}"))
    book.hear(LoadingPacks(("rain",)))
    book.hear(Died("The worker was killed by signal 11 (SIGSEGV)."))
    book.words  # ("--without-pack", "rain"): for the next worker, which would die as well

A pack that ended a worker is left out until its files change or the server starts again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from files.folders import Folders
from files.packs import find_packs
from graph.protocol import LoadingPacks, Packs
from serving.workers import Died

logger = logging.getLogger(__name__)

PACKS = "custom_nodes"
EVENT = "packs_changed"
ENDED = "It ended the worker while it was imported, and is left out. "
REMEDY = "Update or remove it. It is tried again when its files change, and when the server starts again."
DISABLED, LOADING = "disabled", "loading"


class _Told(msgspec.Struct):
    """The payload of graph.protocol.Packs."""

    packs: list[dict[str, Any]] = []
    changed: list[str] = []
    web_folders: dict[str, str] = {}
    replacements: dict[str, list[dict[str, Any]]] = {}


class PackBook:
    """tell: is given an event and its data when packs were loaded again, came or went."""

    def __init__(self, folders: Folders, tell: Callable[[str, Any], None]) -> None:
        self._folders = folders
        self._tell = tell
        self._told: _Told | None = None
        self._loading: Sequence[str] = ()
        self._fallen: dict[str, str] = {}  # reasons by name

    @property
    def web_folders(self) -> Mapping[str, Path]:
        """The packs' scripts for browsers, by the name under which they are served."""
        return {} if self._told is None else {name: Path(path) for name, path in self._told.web_folders.items()}

    @property
    def replacements(self) -> Mapping[str, list[dict[str, Any]]]:
        """Nodes that replace others, by the name that is replaced."""
        return {} if self._told is None else self._told.replacements

    @property
    def words(self) -> Sequence[str]:
        """What the next worker's command line needs."""
        return [word for name in self._fallen for word in ("--without-pack", name)]

    def hear(self, message: object, *, is_job_running: bool = False) -> None:
        """Take what the worker says. If it died while a job ran, packs that were still loading are not blamed."""
        match message:
            case LoadingPacks(names):
                self._loading = names
            case Packs(payload):
                self._take(msgspec.json.decode(payload, type=_Told))
            case Died(reason):
                if not is_job_running:
                    self._fallen |= dict.fromkeys(self._loading, reason)
                self._loading = ()

    def describe(self) -> list[dict[str, Any]]:
        """Return the reports of all packs; before the worker told, that they are being loaded."""
        if self._told is not None:
            return [self._with_fall(report) for report in self._told.packs]
        found = find_packs(self._folders.model_roots(PACKS))
        return [self._with_fall(_expected(pack.name, pack.path)) for pack in found]

    def _take(self, told: _Told) -> None:
        # whoever asked before the first time was told that they are being loaded
        changed = told.changed if self._told is not None else sorted(report["name"] for report in told.packs)
        self._told = told
        off = {report["name"] for report in told.packs if report["state"] == DISABLED}
        self._fallen = {name: reason for name, reason in self._fallen.items() if name in off}
        if changed:
            self._tell(EVENT, {"changed": changed})

    def _with_fall(self, report: dict[str, Any]) -> dict[str, Any]:
        reason = self._fallen.get(report["name"])
        if reason is None:
            return report
        problem = {"file": report["path"], "line": None, "message": ENDED + reason, "remedy": REMEDY, "traceback": ""}
        return {**report, "state": DISABLED, "problems": [problem], "notes": []}


def _expected(name: str, path: Path) -> dict[str, Any]:
    """Return the report of a pack that nothing is known of yet."""
    unknown: dict[str, Any] = {
        "version": None,
        "kind": "weft",
        "seconds": 0.0,
        "nodes": [],
        "problems": [],
        "notes": [],
    }
    return {"name": name, "path": str(path), "state": LOADING, **unknown}
