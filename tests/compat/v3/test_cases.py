"""The V3 packs of these tests do in Weft what they did in ComfyUI 0.33."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from compat.packs import adapt
from compat.v3.extension import specs_of_extension
from graph.describe import describe_all
from graph.formats import from_api
from graph.registry import Registry
from graph.spec_document import read_registry, write_registry
from graph.validate import validate
from tests.compat.cases import Case
from tests.compat.engine_runs import host, load, new_engine, runs
from tests.compat.v3.cases import CASES, CHOICES, FACTS, GROWING, OWN_WORDS, PACKS
from tests.compat.v3.record import settled

# Where Weft sees that what arrives has not changed, and does not run what reads it.
CUT_OFF = {"fingerprint always": "90", "not the same": "4"}
# Where ComfyUI fails with an IndexError: a node that blocks all that read it, or that gives less than it has outputs for.
KINDER = {f"returns {form}" for form in ("block", "blocker alone", "silent", "nothing", "short")}
# Where ComfyUI calls the node without its choice; Weft says that the choice is missing or unknown.
STRICTER = {"choose nothing": "required_input_missing", "choose what there is not": "value_not_in_list"}
# A check that raises is told at the node that it belongs to, not at the one behind.
TOLD_ELSEWHERE = {"checks raise"}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with host(tmp_path_factory.mktemp("base")):
        found = [_adapted(name) for name in PACKS]
        assert [problem for adapted in found for problem in adapted.problems] == []
        yield Registry.of(*(spec for adapted in found for spec in adapted.specs))


def _adapted(name: str) -> Any:
    module = load(name)
    if hasattr(module, "NODE_CLASS_MAPPINGS"):
        importlib.import_module("nodes").NODE_CLASS_MAPPINGS.update(module.NODE_CLASS_MAPPINGS)
        return adapt(module, name)
    return asyncio.run(specs_of_extension(module, name))


@pytest.fixture(scope="module")
def facts() -> Mapping[str, Any]:
    return json.loads((FACTS / "runs.json").read_text())


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_case_goes_as_in_comfyui(case: Case, registry: Registry, facts: Mapping[str, Any]) -> None:
    for fact, told in zip(facts[case.name], settled(runs(new_engine(registry), case)), strict=True):
        if case.name in KINDER:
            assert (fact["error"][1], told["end"]) == ("IndexError", "execution_success")
        elif case.name in STRICTER:
            assert (fact["end"], told["errors"]["1"]) == ("execution_success", [[STRICTER[case.name], "mode"]])
        elif case.name in TOLD_ELSEWHERE:
            assert (fact["refused"], list(told["errors"])) == (told["refused"], ["1"])
        else:
            assert comparable(told, case) == comparable(fact, case)


def comparable(told: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Leave out the order in which nodes began, which is the engine's own choice, and words that differ."""
    kept = {name: told.get(name) for name in ("errors", "refused", "cached", "executed", "end", "blocked", "error")}
    if case.name in OWN_WORDS:
        kept["error"] = told["error"][:1]
    began = set(told.get("began") or ()) - {CUT_OFF.get(case.name)}
    cached = set(told.get("cached") or ()) - {CUT_OFF.get(case.name)}
    return {**kept, "began": sorted(began), "cached": sorted(cached)}


def test_editors_are_told_what_comfyui_tells_them(registry: Registry) -> None:
    facts = json.loads((FACTS / "object_info.json").read_text())
    told = json.loads(json.dumps(describe_all(registry)))
    assert told.keys() == facts.keys()
    for name, info in told.items():
        assert info == facts[name], name


def test_the_server_tells_the_same_without_the_classes(registry: Registry) -> None:
    there = describe_all(read_registry(write_registry(registry)))
    assert there == json.loads(json.dumps(describe_all(registry)))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in (*GROWING, *CHOICES)])
def test_the_server_finds_the_same_problems_without_the_classes(case: Case, registry: Registry) -> None:
    there = read_registry(write_registry(registry))
    for prompt in case.prompts:
        workflow = from_api(json.loads(json.dumps(prompt)))
        assert validate(workflow, there) == validate(workflow, registry)


def test_a_class_that_changes_another_describes_itself(registry: Registry) -> None:
    derived = registry.by_name["V3 Derived"]
    assert derived.adapter is not None
    assert derived.outputs[0].name == "thrice"
    assert load("v3_together").Derived.RETURN_NAMES[0] == "thrice"  # in ComfyUI, what its parent said first
