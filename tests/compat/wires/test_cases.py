"""Packs that change, sample and edit get from Weft what they get from ComfyUI: the same latents, pictures and prompts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from graph.execute import Engine
from graph.registry import Registry
from runtime.engine import builtin_registry, open_studio
from runtime.settings import Settings
from tests.compat.engine_runs import host, registry_of, run
from tests.compat.wires.cases import CASES, FACTS, PACKS, Case

ROOT = Path(__file__).parents[3]
CLOSE = 1e-4  # of the largest number: what other kernels round differently
SENSITIVE = {"OwnSampler": 5}  # where one rounding of cfg makes 1e-4, too (2026-11)


@pytest.fixture(scope="module")
def facts() -> Mapping[str, Any]:
    return json.loads(FACTS.read_text())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    base = tmp_path_factory.mktemp("base")
    (base / "models").symlink_to(ROOT / "models")
    with host(base), open_studio(Settings(base=base, device="cpu")) as studio:
        registry = Registry.of(*builtin_registry().by_name.values(), *registry_of(*PACKS).by_name.values())
        yield replace(studio.engine, registry=registry)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_pack_gets_what_comfyui_gives_it(case: Case, engine: Engine, facts: Mapping[str, Any]) -> None:
    told = run(engine, case.prompt, {})
    assert told["end"] == "execution_success", told
    shown, expected = told["executed"]["shown"]["output"], facts[case.name]
    numbers, wanted = torch.tensor(shown.pop("numbers")), torch.tensor(expected["numbers"])
    limit = CLOSE * max(1.0, float(wanted.abs().max())) * SENSITIVE.get(case.name, 1)
    assert numbers.shape == wanted.shape
    assert (numbers - wanted).abs().max() <= limit
    assert shown == {name: value for name, value in expected.items() if name != "numbers"}
