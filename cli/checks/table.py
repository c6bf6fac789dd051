"""The table of checks. To add a check, write a function from a Site to findings and name it here.

for title, findings in run_checks(look(Path("."))): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cli.checks.device import check_device
from cli.checks.finding import Finding, Site
from cli.checks.folders import check_folders
from cli.checks.model_files import LOADED, check_model_files, path_of
from cli.checks.models import check_built_in, check_checkpoints
from cli.checks.packages import check_packages, check_python, check_weft, required_modules
from cli.checks.probing import probe
from cli.checks.required import read_required
from files.folders import Folders
from files.model_paths import ModelPathsError, gather_model_paths


class Check(NamedTuple):
    """A check and the heading under which it is shown."""

    title: str
    look: Callable[[Site], Iterable[Finding]]


class Checked(NamedTuple):
    """A finding and the heading of its check."""

    title: str
    finding: Finding


CHECKS = (
    Check("Program", check_weft),
    Check("Program", check_python),
    Check("Packages", check_packages),
    Check("Device", check_device),
    Check("Folders", check_folders),
    Check("Models", check_checkpoints),
    Check("Models", check_built_in),
    Check("Models", check_model_files),
)


def look(base: Path) -> Site:
    """Return what the checks look at; this imports torch in a process of its own, which takes seconds."""
    folders, fault = folders_below(base)
    models = [
        (kind, name, path)
        for kind in LOADED
        for name in folders.model_names(kind)
        if not isinstance(path := path_of(folders, kind, name), str)
    ]
    required = read_required()
    return Site(base, folders, required, probe(required_modules(required.packages), models), fault)


def folders_below(base: Path) -> tuple[Folders, str | None]:
    """Return the folders with those that extra_model_paths.yaml names; without them, and why, if it cannot be read."""
    try:
        return Folders.below(base, extra=gather_model_paths(base)), None
    except ModelPathsError as error:
        return Folders.below(base), str(error)


def run_checks(site: Site) -> Iterator[Checked]:
    """Yield the findings of all checks."""
    for check in CHECKS:
        for finding in check.look(site):
            yield Checked(check.title, finding)
