"""Manifest: what a pack's pyproject.toml says of it, in `[tool.weft]`, or in `[project]` and `[tool.comfy]`.

[tool.weft]
name = "Rain"
version = "1.2.0"
requires = ["noise>=1.2"]
web = "web"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from files.packs.find import Pack

FILE = "pyproject.toml"
REQUIREMENTS = "requirements.txt"


class ManifestError(ValueError):
    """A manifest cannot be read; the sentence says where and why."""


@dataclass(frozen=True)
class Manifest:
    """What a pack says of itself. requires: what pip is to install for it; web: its folder of scripts for browsers."""

    name: str
    version: str | None = None
    requires: tuple[str, ...] = ()
    web: str | None = None
    description: str = ""


def read_manifest(pack: Pack) -> Manifest:
    """Return what a pack says of itself; its own name and nothing else if it says nothing; else ManifestError."""
    path = pack.folder / FILE
    if pack.is_file or not path.is_file():
        return Manifest(pack.name, requires=_listed(pack))
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path} cannot be read: {error}.") from error
    project, tool = _table(document, "project", path), _table(document, "tool", path)
    own, comfy = _table(tool, "weft", path), _table(tool, "comfy", path)
    requires = own.get("requires")
    return Manifest(
        _text(own, "name", path) or _text(comfy, "DisplayName", path) or _text(project, "name", path) or pack.name,
        _text(own, "version", path) or _text(project, "version", path),
        _both(project, pack, path) if requires is None else _texts(requires, path),
        _text(own, "web", path) or _text(comfy, "web", path),
        _text(own, "description", path) or _text(project, "description", path) or "",
    )


def _both(project: Mapping[str, Any], pack: Pack, path: Path) -> tuple[str, ...]:
    """Return what `[project]` and requirements.txt ask for: packs often keep one of them only, or forget one."""
    return tuple(dict.fromkeys((*_texts(project.get("dependencies", []), path), *_listed(pack))))


def _listed(pack: Pack) -> tuple[str, ...]:
    """Return the lines of requirements.txt, without comments and options."""
    path = pack.folder / REQUIREMENTS
    if pack.is_file or not path.is_file():
        return ()
    lines = (
        line.partition(" #")[0].partition(" --hash")[0].strip()
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    )
    return tuple(line for line in lines if line and not line.startswith(("#", "-")))


def _table(document: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise ManifestError(f"{path}: [{name}] is to be a table.")
    return value


def _text(table: Mapping[str, Any], name: str, path: Path) -> str | None:
    value = table.get(name)
    if value is not None and not isinstance(value, str):
        raise ManifestError(f"{path}: {name} is {value!r}; it is to be a text in quotes.")
    return value or None


def _texts(value: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ManifestError(f'{path}: the requirements are to be a list of texts, such as ["numpy>=2"].')
    return tuple(value)
