"""The V3 packs of these tests do in Weft what they did in ComfyUI 0.33."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from compat.packs import adapt
from compat.v3.extension import specs_of_extension
from graph.describe import describe_all
from graph.registry import Registry
from graph.spec_document import read_registry, write_registry
from tests.compat.cases import Case
from tests.compat.engine_runs import host, load, new_engine, runs
from tests.compat.v3.cases import CASES, FACTS, PACKS
from tests.compat.v3.record import settled

OWN_WORDS = {"returns expand", "returns list", "returns text", "returns set", "video wrong", "checks raise"}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with host(tmp_path_factory.mktemp("base")):
        found = [_adapted(name) for name in PACKS]
        assert [problem for adapted in found for problem in adapted.problems] == []
        yield Registry.of(*(spec for adapted in found for spec in adapted.specs))


def _adapted(name: str) -> Any:
    module = load(name)
    if hasattr(module, "NODE_CLASS_MAPPINGS"):
        return adapt(module, name)
    return asyncio.run(specs_of_extension(module, name))


@pytest.fixture(scope="module")
def facts() -> Mapping[str, Any]:
    return json.loads((FACTS / "runs.json").read_text())


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_case_goes_as_in_comfyui(case: Case, registry: Registry, facts: Mapping[str, Any]) -> None:
    for fact, told in zip(facts[case.name], settled(runs(new_engine(registry), case)), strict=True):
        assert comparable(told, case) == comparable(fact, case)


def comparable(told: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Leave out the order in which nodes began, which is the engine's own choice, and words that differ."""
    kept = {name: told.get(name) for name in ("errors", "refused", "cached", "executed", "end", "blocked", "error")}
    if case.name in OWN_WORDS:
        kept["error"] = (told.get("error") or [None])[0]
        kept["errors"] = sorted(told["errors"])
    return {**kept, "began": sorted(told.get("began", ()))}


def test_editors_are_told_what_comfyui_tells_them(registry: Registry) -> None:
    facts = json.loads((FACTS / "object_info.json").read_text())
    told = json.loads(json.dumps(describe_all(registry)))
    assert told.keys() == facts.keys()
    for name, info in told.items():
        assert info == facts[name], name


def test_the_server_tells_the_same_without_the_classes(registry: Registry) -> None:
    there = describe_all(read_registry(write_registry(registry)))
    assert there == json.loads(json.dumps(describe_all(registry)))
