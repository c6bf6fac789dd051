"""A base folder, with and without a Python of its own, and folders that are packs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cli.packs.making import NODE, OwnPython, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "base")


@pytest.fixture
def own_python(tmp_path: Path) -> OwnPython:
    return OwnPython(tmp_path / "base")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Write a pack's folder: folder("rain", {"requirements.txt": "noise"})."""

    def write(name: str, files: Mapping[str, str] | None = None) -> Path:
        for path, text in {"__init__.py": NODE, **(files or {})}.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return tmp_path / name

    return write
