"""docs/model.md is true: its examples run, and its table has the grammar's words."""

from __future__ import annotations

from diffusion.scenes import COLOURS, GROUNDS, SKIES
from diffusion.scenes.scene import GROUND_THINGS, SKY_THINGS
from tests.docs.examples import ROOT, run_examples

PAGE = ROOT / "docs" / "model.md"


def test_every_example_runs() -> None:
    assert "scene" in run_examples(PAGE)


def test_the_table_has_every_word() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## How well")[0]
    for word in (*SKIES, *GROUNDS, *GROUND_THINGS, *SKY_THINGS, *COLOURS):
        assert word in table
