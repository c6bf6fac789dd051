"""What the terminal is told of packs, and which files are watched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.packs import PackProblem, PackReport, PackState
from runtime.packs.telling import changed_lines, lines_of
from runtime.packs.watching import counts

ROOT = Path("/packs")
GOOD = PackReport("rain", ROOT / "rain", PackState.LOADED, nodes=("Rain",))
BAD = PackReport(
    "snow", ROOT / "snow", PackState.FAILED,
    problems=(PackProblem("It failed.", "/packs/snow/flakes.py", 3, "Mend it."), PackProblem("So did this.", "/lib/x.py")),
)  # fmt: skip


def test_nothing_is_said_if_all_is_well() -> None:
    assert lines_of([]) == lines_of([GOOD]) == []


def test_each_problem_has_a_line_with_place_and_remedy() -> None:
    assert lines_of([GOOD, BAD]) == [
        "Node packs: 1 loaded, 1 failed",
        "  snow  failed   snow/flakes.py:3  It failed. Mend it.",
        "                 /lib/x.py  So did this.",
    ]


def test_many_problems_are_counted() -> None:
    many = replace(BAD, problems=BAD.problems * 10)
    assert lines_of([many])[-1].strip() == "and 17 more"


def test_of_packs_that_were_loaded_again_only_these_are_told() -> None:
    other = replace(GOOD, name="hail")
    assert changed_lines([GOOD, other], [replace(GOOD, nodes=("Drizzle",)), other]) == ["Node pack rain: loaded"]
    assert changed_lines([GOOD, other], [other]) == ["Node pack rain: gone"]
    assert changed_lines([GOOD], [GOOD, BAD])[0] == "Node packs:"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("rain/__init__.py", True),
        ("rain/deep/clouds.py", True),
        ("rain/pyproject.toml", True),
        ("snow.py", True),
        ("rain", True),
        ("rain/notes.txt", False),
        ("rain/__pycache__/x.cpython-311.pyc", False),
        ("rain/.git/hooks/x.py", False),
        ("rain/.venv/lib/x.py", False),
        ("rain/node_modules/x.py", False),
        ("__pycache__", False),
        (".rain.swp", False),
    ],
)
def test_only_code_and_manifests_count(path: str, expected: bool) -> None:
    assert counts(ROOT / path, [ROOT]) is expected
