"""docs/architecture.md is true: its examples run, and it mentions every module of the rooms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.examples import ROOT, run_examples
from tests.docs.links import named_paths

PAGE = ROOT / "docs" / "architecture.md"
ROOMS = ("graph", "files", "diffusion", "nodes", "runtime", "serving")


def test_every_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert run_examples(PAGE)["again"].cached


def test_every_module_of_the_rooms_is_mentioned() -> None:
    named = {Path(path) for path in named_paths(PAGE.read_text(encoding="utf-8"))}
    modules = [path for room in ROOMS for path in (ROOT / room).glob("*.py") if path.stem != "__init__"]
    packages = [path.parent for room in ROOMS for path in (ROOT / room).glob("*/__init__.py")]
    missing = {path.relative_to(ROOT).as_posix() for path in (*modules, *packages)} - {
        path.as_posix() for path in named
    }
    assert not missing, "add them to the table of docs/architecture.md"
