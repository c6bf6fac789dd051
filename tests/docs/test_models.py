"""docs/models.md is true: it has every family with its text encoders, and every folder and node that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diffusion.checkpoints.detect import known_families
from diffusion.checkpoints.encoders import known_encoders
from diffusion.checkpoints.family import Family
from files.folders import Folders
from runtime.engine import builtin_registry

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
FAMILIES = {row[0]: row for row in ROWS if len(row) == 5}
FOLDERS = [row for row in ROWS if len(row) == 3]


def test_the_table_has_the_families_there_are() -> None:
    assert {family.title for family in known_families()} == FAMILIES.keys() - {"family"}


@pytest.mark.parametrize("family", known_families(), ids=lambda family: family.name)
def test_a_row_has_the_text_encoders_of_its_family(family: Family) -> None:
    _, _, encoders, clip_type, _ = FAMILIES[family.title]
    named = {kind.name for kind in known_encoders() if re.search(rf"{re.escape(kind.title)}\b", encoders)}
    assert named == family.texts.readers.keys()
    assert clip_type == "any" or clip_type.strip("`") in family.clip_types


@pytest.mark.parametrize("row", FOLDERS[1:], ids=lambda row: row[0])
def test_a_row_has_folders_and_nodes_that_exist(row: list[str], tmp_path: Path) -> None:
    folders, registry = Folders.below(tmp_path), builtin_registry()
    known = {root.name for roots in folders.models.values() for root in roots}
    assert {name.partition("/")[0] for name in re.findall(r"`([^`]+)`", row[1])} <= known
    nodes = re.findall(r"\b\w*Load(?:er|Checkpoint)\w*\b", row[2])
    assert nodes or not row[2][0].isupper()
    assert all(registry.find(node) is not None for node in nodes)
