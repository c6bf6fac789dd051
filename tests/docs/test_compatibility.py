"""docs/compatibility.md says what a run over the packs of tests/compat finds now."""

from __future__ import annotations

from pathlib import Path

from tests.compat.table import page
from tests.docs.examples import ROOT


def test_the_page_is_what_a_run_finds(tmp_path: Path) -> None:
    shown = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    assert shown == page(tmp_path), "run python docs/make_compatibility.py, and read what changed"
