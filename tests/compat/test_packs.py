"""What a pack brings as a whole: its good nodes, sentences for the others, and what changes outside."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from compat.outside import may_change
from compat.packs import Adapted, adapt
from graph.describe import describe
from graph.registry import Registry
from graph.spec_document import read_registry, write_registry
from graph.validate import validate
from graph.workflow import Node, Workflow
from runtime.fresh_types import descriptions
from tests.compat.cases import PACKS, Case, n, shown
from tests.compat.engine_runs import adapted, host, load, new_engine, registry_of, run, runs


@pytest.fixture(autouse=True, scope="module")
def modules_of_comfyui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with host(tmp_path_factory.mktemp("base")):
        yield


def pack(**values: Any) -> ModuleType:
    module = ModuleType("pack")
    vars(module).update(values)
    return module


def test_a_class_that_cannot_be_a_node_is_left_out_with_a_sentence() -> None:
    found = adapted("broken")
    assert [spec.name for spec in found.specs] == ["T Right"]
    assert found.problems == (
        "The node T Raising is left out: INPUT_TYPES cannot be read: FileNotFoundError: a file that it lists is not there.",
        "The node T WithoutOutputs is left out: the class WithoutOutputs has no RETURN_TYPES.",
        'The node T WithoutMethod is left out: the class WithoutMethod has no method "walk", which its FUNCTION names.',
        "The node T WithoutInputs is left out: the class WithoutInputs has no INPUT_TYPES.",
        "The node T OddInputs is left out: INPUT_TYPES gives no dictionary of dictionaries.",
    )


def test_a_mapping_may_hold_what_is_no_class_and_no_name() -> None:
    found = adapted("odd_mapping")
    assert [spec.name for spec in found.specs] == ["T OddRight"]
    assert found.problems == (
        "The node T NoClass is left out: it is str, not a class.",
        "The node 3 is left out: NODE_CLASS_MAPPINGS has it under int, not under a text.",
    )


def test_a_pack_without_a_mapping_brings_nothing() -> None:
    for module in (pack(), pack(NODE_CLASS_MAPPINGS=None)):
        assert adapt(module, "p") == Adapted(())


def test_the_folder_for_browsers_is_told_as_the_pack_says_it() -> None:
    assert adapt(pack(NODE_CLASS_MAPPINGS={}, WEB_DIRECTORY="./js"), "p").web_directory == "./js"
    assert adapt(pack(NODE_CLASS_MAPPINGS={}), "p").web_directory is None


def test_files_that_come_later_can_be_chosen_and_are_described(tmp_path: Path) -> None:
    shutil.copytree(PACKS / "described", tmp_path / "described")
    registry = Registry.of(*adapt(load("described", tmp_path), "described").specs)
    spec = registry.find("T Uploads")
    assert spec is not None
    workflow = Workflow.of(Node("1", "T Uploads", {"file": "three.txt", "video": "one.txt"}))
    before = validate(workflow, registry, ["1"])
    assert [(problem.kind, problem.input) for problem in before] == [("value_not_in_list", "file")]
    (tmp_path / "described" / "three.txt").touch()
    assert validate(workflow, registry, ["1"]) == ()
    assert describe(spec)["input"]["required"]["file"][0] == ["one.txt", "three.txt", "two.txt"]
    assert descriptions(registry).keys() == {"T Uploads"}


def test_the_server_leaves_what_it_cannot_know_to_the_worker() -> None:
    there = read_registry(write_registry(registry_of("described", "validates", "widgets")))
    asked = {spec.name for spec in there if spec.has_validator}
    assert "T Uploads" in asked  # lists files
    assert "T Everything" in asked  # of several values each is to be in the list
    assert {"T Named", "T Types"} <= asked
    assert asked.isdisjoint({"T Base", "T Plain", "T Full"})
    workflow = Workflow.of(Node("1", "T Uploads", {"file": "new.txt", "video": "new.txt"}))
    assert validate(workflow, there, ["1"]) == ()


def test_an_object_lives_as_long_as_its_node() -> None:
    engine = new_engine(registry_of("changes", "shown"))

    def counted(node_id: str) -> str:
        prompt = {node_id: n("Always", word="a"), "90": n("ShowAll", value=[node_id, 0])}
        told = run(engine, prompt, {})["executed"]["90"]["output"]["text"][0]
        return str(told)

    assert [counted("1")[-3:], counted("1")[-3:]] == ["1']", "2']"]
    assert counted("2")[-3:] == "1']"
    assert counted("1")[-3:] == "1']", "it was gone from the workflow meanwhile"


def test_a_class_that_was_loaded_anew_gets_a_new_object() -> None:
    prompt = shown(n("Always", word="a"))
    engine = new_engine(registry_of("changes", "shown"))
    run(engine, prompt, {})
    again = new_engine(registry_of("changes", "shown"))
    object.__setattr__(again, "states", engine.states)
    told = run(again, prompt, {})["executed"]["90"]["output"]["text"]
    assert told == ["['a None 1']"]


def test_checks_and_fingerprints_may_be_coroutines_also_where_a_loop_runs() -> None:
    registry = registry_of("validates", "changes", "shown")
    workflow = Workflow.of(Node("1", "T ValidatesLater", {"a": 2, "word": "x"}))

    async def check() -> tuple[str, ...]:
        return tuple(problem.kind for problem in validate(workflow, registry, ["1"]))

    assert asyncio.run(check()) == ("custom_validation_failed",) * 2
    assert [each["cached"] for each in runs(new_engine(registry), Case("", (shown(n("Waiting", word="a")),) * 2))] == [
        [],
        ["1", "90"],
    ]


def test_a_check_that_breaks_is_a_problem() -> None:
    workflow = Workflow.of(Node("1", "T Breaks", {"a": 2, "word": "x"}))
    (problem,) = validate(workflow, registry_of("validates"), ["1"])
    assert str(problem) == "T Breaks #1: its own validation failed: RuntimeError: the check broke."


def test_results_hold_in_this_process_only() -> None:
    registry: Registry = registry_of("shown")
    assert not any(spec.is_durable for spec in registry)
    assert all(str(os.getpid()) in spec.code_version for spec in registry)


CHOICES = ["a"]
WORDS = ("a", "b")


def listing() -> list[str]:
    return os.listdir(".")


def constant() -> list[str]:
    return [word.upper() for word in WORDS]


class Lists:
    def literal(self) -> Any:
        return {"required": {"a": (["x", *WORDS], {"default": max(1, 2)})}}

    def by_constant_function(self) -> Any:
        return constant()

    def by_list_that_may_grow(self) -> Any:
        return CHOICES

    def by_function(self) -> Any:
        return listing()

    def by_method(self) -> Any:
        return self.by_function()

    def by_import(self) -> Any:
        import shutil

        return shutil.disk_usage(".")

    def by_reading(self) -> Any:
        return open("x").read()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("literal", False),
        ("by_constant_function", False),
        ("by_list_that_may_grow", True),
        ("by_function", True),
        ("by_method", True),
        ("by_import", True),
        ("by_reading", True),
        ("not_there", False),
    ],
)
def test_what_may_change_is_told_from_what_cannot(name: str, changes: bool) -> None:
    assert may_change(Lists, name) is changes


def test_packs_find_the_classes_of_packs_before_them() -> None:
    import nodes

    adapted("shown")
    assert nodes.NODE_CLASS_MAPPINGS["T Show"].__name__ == "Show"
    adapted("lists")
    assert nodes.NODE_CLASS_MAPPINGS["T Make"].__name__ == "Make"
    assert nodes.NODE_CLASS_MAPPINGS["KSampler"] is nodes.KSampler


def test_a_class_that_a_pack_adds_to_the_common_mapping_is_its_node() -> None:
    import nodes

    module = load("shown")
    vars(module)["Later"] = type("Later", (module.Give,), {"__module__": module.__name__})
    nodes.NODE_CLASS_MAPPINGS["T Later"] = module.Later
    nodes.NODE_CLASS_MAPPINGS["T OfOthers"] = type("Of", (module.Give,), {"__module__": "another"})
    names = [spec.name for spec in adapt(module, "shown").specs]
    assert "T Later" in names
    assert "T OfOthers" not in names
