"""The packs of these tests do in Weft what they did in ComfyUI 0.33."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from graph.describe import describe_all
from graph.registry import Registry
from graph.spec_document import read_registry, write_registry
from tests.compat.cases import CASES, FACTS, RECORDED, Case
from tests.compat.engine_runs import host, new_engine, registry_of, runs

# Where Weft goes on and ComfyUI fails: an output that the function did not return is None to whoever reads it.
KINDER = {
    "lists short",
    "lists shown by each call",
    "fails not, without a result",
    "dynamic output that is not there",
}
# What nodes inside an expansion show, in Weft the node shows too that expanded, also when its result was kept.
SHOWN_OUTSIDE_TOO = {"expands twice": "1", "expands in a list": "2"}
LEFT_OUT = {"T WithoutMethod"}  # which ComfyUI lists, though it cannot run
OWN_WORDS = {"fails by returning nothing", "lazy unknown"}  # what is said, and by which exception, is Weft's


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with host(tmp_path_factory.mktemp("base")):
        yield registry_of(*RECORDED)


@pytest.fixture(scope="module")
def facts() -> Mapping[str, Any]:
    return json.loads((FACTS / "runs.json").read_text())


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_case_goes_as_in_comfyui(case: Case, registry: Registry, facts: Mapping[str, Any]) -> None:
    for fact, told in zip(facts[case.name], runs(new_engine(registry), case), strict=True):
        if case.name in KINDER:
            assert fact["error"][1] == "IndexError"
            assert told["end"] == "execution_success"
            continue
        assert comparable(told, case) == comparable(fact, case)


def comparable(told: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Leave out the order in which nodes began, which is the engine's own choice, and words that differ."""
    kept = {name: told.get(name) for name in ("errors", "refused", "cached", "executed", "end", "blocked", "error")}
    outer = SHOWN_OUTSIDE_TOO.get(case.name)
    kept["executed"] = {id: shown for id, shown in told.get("executed", {}).items() if id != outer}
    if case.name in OWN_WORDS:
        kept["error"] = told["error"][0]
    return {**kept, "began": sorted(told.get("began", ()))}


def test_editors_are_told_what_comfyui_tells_them(registry: Registry) -> None:
    facts = json.loads((FACTS / "object_info.json").read_text())
    told = json.loads(json.dumps(describe_all(registry)))
    assert told.keys() == facts.keys() - LEFT_OUT
    for name, info in told.items():
        assert info == facts[name], name


def test_the_server_tells_the_same_without_the_classes(registry: Registry) -> None:
    there = describe_all(read_registry(write_registry(registry)))
    assert there == json.loads(json.dumps(describe_all(registry)))
