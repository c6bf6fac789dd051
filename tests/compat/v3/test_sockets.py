"""Schemas as sockets: lists that change, sockets beside a link, documents of editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from compat.v3.dynamic import DynamicCombo, DynamicSlot
from compat.v3.node import ComfyNode
from compat.v3.outputs import NodeOutput
from compat.v3.plain_types import AnyType, Image
from compat.v3.schema import Schema
from compat.v3.spec import spec_of_v3
from compat.v3.widgets import Combo, Int, String
from graph.formats import from_api, from_editor, to_editor
from graph.registry import Registry
from graph.validate import validate
from tests.compat.engine_runs import host, new_engine


class Echo(ComfyNode):
    @classmethod
    def define_schema(cls) -> Schema:
        return Schema("Echo", inputs=[String.Input("text")], outputs=[Image.Output(), String.Output()])

    @classmethod
    def execute(cls, text: str) -> NodeOutput:
        return NodeOutput(text, text)


class Beside(ComfyNode):
    @classmethod
    def define_schema(cls) -> Schema:
        slot = DynamicSlot.Input(
            Image.Input("image", tooltip="a picture"), [Int.Input("weight", max=9), Int.Input("more", optional=True)]
        )
        return Schema("Beside", inputs=[slot], outputs=[AnyType.Output()], is_output_node=True)

    @classmethod
    def execute(cls, **inputs: Any) -> NodeOutput:
        return NodeOutput(json.dumps(inputs, sort_keys=True))


class Lists(ComfyNode):
    folder: ClassVar[Path]

    @classmethod
    def define_schema(cls) -> Schema:
        names = sorted(path.name for path in cls.folder.iterdir())
        option = DynamicCombo.Option("file", [Combo.Input("inner", names)])
        inputs = [Combo.Input("outer", names), DynamicCombo.Input("mode", [option])]
        return Schema("Lists", inputs=inputs, outputs=[AnyType.Output()], is_output_node=True)

    @classmethod
    def execute(cls, outer: str, mode: Any) -> NodeOutput:
        return NodeOutput([outer, mode])


@pytest.fixture(scope="module", autouse=True)
def _host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with host(tmp_path_factory.mktemp("base")):
        yield


def beside(**inputs: Any) -> Any:
    source = {"class_type": "Echo", "inputs": {"text": "x"}}
    return from_api({"1": source, "2": {"class_type": "Beside", "inputs": inputs}})


def test_a_link_opens_the_inputs_beside_its_socket() -> None:
    registry = Registry.of(spec_of_v3(Echo, "pack"), spec_of_v3(Beside, "pack"))
    engine = new_engine(registry)
    assert engine.run(beside()).outputs["2"] == ("{}",)
    given = beside(image=["1", 0], **{"image.weight": 3})
    assert json.loads(engine.run(given).outputs["2"][0]) == {"image": {"image": "x", "weight": 3, "more": None}}
    kinds = [(problem.kind, problem.input) for problem in validate(beside(image=["1", 1]), registry)]
    assert kinds == [("return_type_mismatch", "image"), ("required_input_missing", "image.weight")]


def test_what_a_link_opens_comes_back_from_an_editors_document() -> None:
    registry = Registry.of(spec_of_v3(Echo, "pack"), spec_of_v3(Beside, "pack"))
    given = beside(image=["1", 0], **{"image.weight": 3, "image.more": 4})
    document = to_editor(given, registry.find)
    assert [node["widgets_values"] for node in document["nodes"]] == [["x"], [3, 4]]
    assert from_editor(document, registry.find) == given
    document["nodes"][0]["mode"] = 2  # muted: nothing comes over its link
    muted = from_editor(document, registry.find)
    assert new_engine(registry).run(muted).outputs["2"] == ("{}",)


def test_lists_of_files_are_asked_for_anew(tmp_path: Path) -> None:
    Lists.folder = tmp_path
    (tmp_path / "a").touch()
    spec = spec_of_v3(Lists, "pack")
    registry = Registry.of(spec)
    chosen = from_api({"1": {"class_type": "Lists", "inputs": {"outer": "b", "mode": "file", "mode.inner": "b"}}})
    assert [problem.input for problem in validate(chosen, registry)] == ["outer", "mode.inner"]
    (tmp_path / "b").touch()
    assert validate(chosen, registry) == ()
    assert spec.is_described_anew
    assert spec.describer is not None
    assert spec.describer()["input"]["required"]["outer"][1]["options"] == ["a", "b"]


def test_a_schema_of_constants_is_not_asked_again() -> None:
    assert not spec_of_v3(Echo, "pack").is_described_anew


def test_values_that_an_editor_saved_get_the_names_of_opened_inputs(tmp_path: Path) -> None:
    Lists.folder = tmp_path
    (tmp_path / "a").touch()
    node = {"id": 1, "type": "Lists", "inputs": [], "outputs": [], "widgets_values": ["a", "file", "a"]}
    document = {"nodes": [node], "links": [], "version": 0.4}
    read = from_editor(document, Registry.of(spec_of_v3(Lists, "pack")).find)
    assert read.nodes["1"].inputs == {"outer": "a", "mode": "file", "mode.inner": "a"}
