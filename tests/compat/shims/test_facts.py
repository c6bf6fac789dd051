"""What ComfyUI 0.33 gave for the cases of cases.py (recorded by record.py) is what its modules give here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.machine import LocalMachine
from tests.compat.shims.cases import GROUPS

FACTS = json.loads((Path(__file__).parent / "facts.json").read_text())


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_results_are_those_of_comfyui(group: str, machine: LocalMachine) -> None:
    (machine.folders.base / "input").mkdir()
    found = json.loads(json.dumps(dict(GROUPS[group]())))
    assert list(found) == list(FACTS[group])
    wrong = {
        name: (value, FACTS[group][name]) for name, value in found.items() if not _close(value, FACTS[group][name])
    }
    assert wrong == {}


def _close(value: Any, fact: Any) -> bool:
    """Compare numbers as sums of float32 allow, everything else exactly."""
    if isinstance(value, dict) and isinstance(fact, dict):
        return value.keys() == fact.keys() and all(_close(value[name], fact[name]) for name in value)
    if isinstance(value, list) and isinstance(fact, list):
        return len(value) == len(fact) and all(map(_close, value, fact))
    if isinstance(value, float) and isinstance(fact, float):
        return value == pytest.approx(fact, rel=1e-5, abs=2e-3)
    return bool(value == fact)
