"""What the project requires: from pyproject.toml in a checkout, from the installed metadata elsewhere."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from cli.checks.finding import Required

NAME = "weft"
UNKNOWN = Required("nothing", "unknown", "", ())


def read_required() -> Required:
    """Return what the project asks for."""
    checkout = Path(__file__).resolve().parents[2]
    return _from_pyproject(checkout / "pyproject.toml") or _from_metadata()


def _from_pyproject(path: Path) -> Required | None:
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        if project["name"] != NAME:
            return None
        packages = tuple(project["dependencies"])
        return Required("pyproject.toml", project["version"], project["requires-python"], packages)
    except (OSError, ValueError, KeyError):
        return None


def _from_metadata() -> Required:
    try:
        found = distribution(NAME)
    except PackageNotFoundError:
        return UNKNOWN
    python = str(found.metadata.json.get("requires_python", ""))
    return Required("weft's metadata", found.version, python, tuple(found.requires or ()))
