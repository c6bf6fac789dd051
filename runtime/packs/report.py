"""PackReport: what became of a pack, for terminals, clients and editors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any


class PackState(Enum):
    """Where a pack stands."""

    LOADED = "loaded"
    PARTLY = "partly"  # it works, but something in it does not, or an edit of it is not used
    FAILED = "failed"
    DISABLED = "disabled"
    LOADING = "loading"  # its import takes long; the others go on without it


@dataclass(frozen=True)
class PackProblem:
    """Something that does not work: a sentence, where it is, and what to do."""

    message: str
    file: str | None = None
    line: int | None = None
    remedy: str = ""
    traceback: str = ""

    @property
    def place(self) -> str:
        """`file:line`, as far as it is known."""
        return ":".join(str(part) for part in (self.file, self.line) if part is not None)


@dataclass(frozen=True)
class PackReport:
    """What became of a pack. kind: `weft` or `comfyui`; notes: what it did besides bringing nodes."""

    name: str
    path: Path
    state: PackState
    version: str | None = None
    kind: str = "weft"
    seconds: float = 0.0
    nodes: tuple[str, ...] = ()
    problems: tuple[PackProblem, ...] = ()
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return it as JSON, as /api/v1/packs has it."""
        return {
            "name": self.name,
            "path": str(self.path),
            "version": self.version,
            "kind": self.kind,
            "state": self.state.value,
            "seconds": round(self.seconds, 3),
            "nodes": list(self.nodes),
            "problems": [asdict(problem) for problem in self.problems],
            "notes": list(self.notes),
        }
