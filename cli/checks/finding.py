"""What a check looks at, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from files.folders import Folders


class State(StrEnum):
    """How a finding matters."""

    OK = "ok"
    NOTE = "note"  # works, but may surprise
    PROBLEM = "problem"  # something needed is not there


class Verdict(StrEnum):
    """What comes of a file of models where it lies."""

    OK = "ok"
    DAMAGED = "damaged"
    MISPLACED = "misplaced"  # it is looked for in another folder
    REFUSED = "refused"  # nothing loads it


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do about it, `data` the same for programs."""

    name: str
    state: State
    message: str
    remedy: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class Failure(NamedTuple):
    """A package that cannot be imported, and why."""

    module: str
    reason: str


@dataclass(frozen=True)
class DeviceReport:
    """The device that runs would use, as torch sees it."""

    device: str
    name: str
    total_bytes: int
    free_bytes: int
    is_gpu_build: bool  # torch is built for GPUs


@dataclass(frozen=True)
class ModelReport:
    """What a file of models is. folder: the kind under which it lies; belongs: that of such files, None if unknown.

    what: its kind and family in words. note: what is wrong with it.
    """

    folder: str
    name: str
    path: str
    verdict: Verdict
    what: str = "file"
    family: str = ""
    note: str = ""
    belongs: str | None = None
    nbytes: int = 0


@dataclass(frozen=True)
class ProbeReport:
    """What a process with torch found out; the fields keep their defaults where it did not get that far."""

    failures: tuple[Failure, ...] = ()
    device: DeviceReport | None = None
    device_problem: str | None = None
    models: tuple[ModelReport, ...] = ()

    def failure(self, module: str) -> Failure | None:
        """Return the failure of a module, if there was one."""
        return next((one for one in self.failures if one.module == module), None)


@dataclass(frozen=True)
class Required:
    """What the project asks for, and where that is written."""

    source: str  # "pyproject.toml", or "weft's metadata" where there is no checkout
    version: str
    python: str  # such as ">=3.11"
    packages: tuple[str, ...]  # such as "torch>=2.6"


@dataclass(frozen=True)
class Site:
    """What the checks look at. paths_fault: why an extra_model_paths.yaml cannot be read, None if it can, or is not there."""

    base: Path
    folders: Folders
    required: Required
    probe: ProbeReport
    paths_fault: str | None = None


def size_text(nbytes: int) -> str:
    """Return a size for people: 29 bytes, 88 MB, 12.3 GB (powers of 1000)."""
    if nbytes >= 1e9:
        return f"{nbytes / 1e9:.1f} GB"
    return f"{nbytes / 1e6:.0f} MB" if nbytes >= 1e6 else f"{nbytes:,} bytes"
