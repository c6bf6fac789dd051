"""A registry finds nodes by every name and refuses two of the same."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from graph.errors import SpecError
from graph.registry import Registry, specs_in
from graph.spec import node


@node(aliases=("EmptyLatentImage",))
def EmptyLatent(width: int = 512) -> int:
    return width


@node()
def Add(a: int, b: int) -> int:
    return a + b


def helper(a: int) -> int:
    return a


def module(**names: Any) -> ModuleType:
    made = ModuleType("made")
    vars(made).update(names)
    return made


def test_names_and_aliases_lead_to_the_same_node() -> None:
    registry = Registry.of(EmptyLatent, Add)
    assert registry.find("EmptyLatentImage") is registry.find("EmptyLatent") is EmptyLatent.spec
    assert registry.find("Unknown") is None
    assert "EmptyLatentImage" in registry
    assert "helper" not in registry


def test_iteration_gives_each_node_once_sorted_by_name() -> None:
    registry = Registry.of(EmptyLatent, Add)
    assert [spec.name for spec in registry] == ["Add", "EmptyLatent"]
    assert len(registry) == 2
    assert registry.names() == ("Add", "EmptyLatent", "EmptyLatentImage")


def test_modules_are_collected_and_imported_nodes_counted_once() -> None:
    modules = [module(Add=Add, helper=helper, number=3), module(Add=Add, EmptyLatent=EmptyLatent)]
    assert [spec.name for spec in Registry.collect(modules)] == ["Add", "EmptyLatent"]
    assert specs_in(modules[1]) == (Add.spec, EmptyLatent.spec)


def test_two_nodes_of_one_name_are_refused() -> None:
    @node(name="EmptyLatentImage")
    def Other(x: int) -> int:
        return x

    with pytest.raises(SpecError, match='Two nodes are called "EmptyLatentImage"'):
        Registry.of(EmptyLatent, Other)


def test_a_function_without_node_is_refused() -> None:
    with pytest.raises(SpecError, match="helper is not a node"):
        Registry.of(helper)


def test_unknown_names_have_near_misses() -> None:
    registry = Registry.of(EmptyLatent, Add)
    assert registry.near_misses("emptylatnt")[0] == "EmptyLatent"
    assert registry.near_misses("Zzz") == ()


def test_a_registry_can_be_extended() -> None:
    assert len(Registry.of(Add).with_nodes(EmptyLatent)) == 2
