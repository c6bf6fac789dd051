"""Realms and packs: a changed pack concerns its own nodes and what is behind them, Weft's code everything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import pytest

from graph.cache import MemoryCache
from graph.execute import Engine
from graph.plan import make_survey
from graph.registry import Registry
from graph.workflow import Link, Node, Workflow
from runtime.realm import with_code_of_packs

NODES = """
from graph.spec import node
from {name}.helper import step

@node(category="test")
def {kind}(value: int = 0) -> int:
    return value + step()
"""
HELPER = "def step():\n    return {step}\n"
WORKFLOW = Workflow.of(
    Node("one", "One", {"value": 1}),
    Node("two", "Two", {"value": 1}),
    Node("behind one", "Two", {"value": Link("one", 0)}),
    Node("behind two", "Two", {"value": Link("two", 0)}),
)
Load = Callable[..., Registry]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Return a function that writes two packs, imports them as a new process would, and returns their nodes."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in [name for name in sys.modules if name.partition(".")[0] == "custom_nodes"]:
        monkeypatch.delitem(sys.modules, name)  # packs of the checkout, which commands of other tests have loaded
    before = set(sys.modules)

    def forget() -> None:
        for name in set(sys.modules) - before:
            del sys.modules[name]
        invalidate_caches()

    def loaded(one: int = 1, two: int = 1, folder: str = "custom_nodes.") -> Registry:
        forget()
        for kind, step in (("One", one), ("Two", two)):
            name = f"{folder}pack_{kind.lower()}"
            place = tmp_path / name.replace(".", "/")
            place.mkdir(parents=True, exist_ok=True)
            (place / "__init__.py").write_text(NODES.format(name=name, kind=kind))
            (place / "helper.py").write_text(HELPER.format(step=step))
        return Registry.collect([import_module(f"{folder}pack_{kind}") for kind in ("one", "two")])

    yield loaded
    forget()


def keys(registry: Registry) -> Mapping[str, Any]:
    return make_survey(WORKFLOW, with_code_of_packs(registry), list(WORKFLOW.nodes)).keys


@pytest.mark.parametrize("folder", ["custom_nodes.", ""])
def test_a_changed_helper_of_a_pack_changes_the_keys_of_its_nodes_and_of_what_is_behind_them(
    load: Load, folder: str
) -> None:
    before, after = keys(load(folder=folder)), keys(load(one=2, folder=folder))
    assert {name for name in before if before[name] != after[name]} == {"one", "behind one"}


def test_the_same_packs_have_the_same_keys_in_another_process(load: Load) -> None:
    assert keys(load()) == keys(load())


def test_a_call_from_within_a_node_counts_with_the_pack_too(load: Load) -> None:
    """`run.call` is given the function, whose own spec knows nothing of its pack."""
    cache = MemoryCache(10_000)
    source = """
from graph.run import Run
from graph.spec import node

@node(category="test")
async def Caller(value: int = 0, *, run: Run) -> int:
    from custom_nodes.pack_one import One
    return await run.call(One, value=value)
"""
    for step in (1, 5):
        registry = load(one=step)
        place = Path(sys.modules["custom_nodes.pack_two"].__file__ or "").parent / "calling.py"
        place.write_text(source)
        registry = with_code_of_packs(registry.with_nodes(import_module("custom_nodes.pack_two.calling").Caller))
        engine = Engine(registry, cache, nbytes=lambda value: 8)
        workflow = Workflow.of(Node("c", "Caller", {"value": step}))
        assert engine.run(workflow, outputs=["c"]).outputs["c"] == (2 * step,)
        workflow = Workflow.of(Node("c", "Caller", {"value": 7}))
        cache.drop(make_survey(workflow, registry, ["c"]).keys["c"] or b"")
        assert engine.run(workflow, outputs=["c"]).outputs["c"] == (7 + step,)


def test_weft_s_own_nodes_keep_their_code_version() -> None:
    import nodes.latent

    registry = Registry.collect([nodes.latent])
    assert [spec.code_version for spec in with_code_of_packs(registry)] == [spec.code_version for spec in registry]
