"""What a pack's entry may do wrong, and what is left of the pack then."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from compat.packs import Adapted
from compat.v3.api import ComfyExtension
from compat.v3.extension import specs_of_extension
from compat.v3.inputs import Custom
from compat.v3.node import ComfyNode
from compat.v3.replacement import NodeReplace
from compat.v3.schema import PriceBadge, PriceBadgeDepends, Schema
from compat.v3.widgets import Int
from tests.compat.engine_runs import host


class Good(ComfyNode):
    @classmethod
    def define_schema(cls) -> Schema:
        return Schema("Good", inputs=[Int.Input("n")])

    @classmethod
    def execute(cls, **inputs: Any) -> None:
        return None


class NoExecute(ComfyNode):
    @classmethod
    def define_schema(cls) -> Schema:
        return Schema("NoExecute")


class Twice(Good):
    @classmethod
    def define_schema(cls) -> Schema:
        return Schema("Twice", inputs=[Int.Input("n"), Int.Input("n")])


class Priced(Good):
    @classmethod
    def define_schema(cls) -> Schema:
        return Schema("Priced", price_badge=PriceBadge("1", PriceBadgeDepends(widgets=["m"])))


class Extension(ComfyExtension):
    nodes: Any = (Good,)
    is_loaded = False

    async def on_load(self) -> None:
        self.is_loaded = True

    async def get_node_list(self) -> Any:
        assert self.is_loaded
        return list(self.nodes)


@pytest.fixture(autouse=True)
def _host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with host(tmp_path_factory.mktemp("base")):
        yield


def adapted(entry: Any, **more: Any) -> Adapted:
    module = ModuleType("pack")
    vars(module).update(comfy_entrypoint=entry, **more)
    return asyncio.run(specs_of_extension(module, "pack"))


def of(*nodes: Any) -> Adapted:
    extension = Extension()
    extension.nodes = nodes
    return adapted(lambda: extension)


def test_a_node_that_is_wrong_is_left_out_and_the_others_work() -> None:
    found = of(NoExecute, Good, Twice, Priced, int)
    assert [spec.name for spec in found.specs] == ["Good"]
    missing, twice, price, stranger = found.problems
    assert "NoExecute has no execute" in missing
    assert "'n' is there twice" in twice
    assert "the widget 'm', which is not among" in price
    assert "int is no class that derives from io.ComfyNode" in stranger


def test_an_entry_may_be_async_and_the_web_folder_is_told() -> None:
    async def entry() -> Extension:
        return Extension()

    found = adapted(entry, WEB_DIRECTORY="./web")
    assert ([spec.name for spec in found.specs], found.web_directory, found.problems) == (["Good"], "./web", ())


def test_an_entry_that_fails_is_one_problem() -> None:
    def fails() -> None:
        raise RuntimeError("there is no licence")

    assert adapted(fails).problems == ("comfy_entrypoint failed: RuntimeError: there is no licence",)
    assert adapted(lambda: 3).problems == ("comfy_entrypoint: it returned int, not a ComfyExtension.",)


def test_inputs_say_which_arguments_they_have() -> None:
    with pytest.raises(TypeError, match="has no argument 'mim'; it has id, display_name"):
        Int.Input("n", mim=1)
    with pytest.raises(TypeError, match="needs 'id'"):
        Int.Input(default=1)
    with pytest.raises(TypeError, match="takes 8 arguments, but 9 are given"):
        Custom("X").Input(*range(9))


def test_a_replacement_tells_its_names_and_mappings() -> None:
    told = NodeReplace("New", "Old", ["size"], ({"new_id": "width", "old_id": "size"},), ()).as_dict()
    assert told == {
        "new_node_id": "New",
        "old_node_id": "Old",
        "old_widget_ids": ["size"],
        "input_mapping": [{"new_id": "width", "old_id": "size"}],
        "output_mapping": None,
    }
