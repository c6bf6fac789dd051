"""Packs for ComfyUI are loaded beside native ones, by the same way, and again when their files change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from compat.shims.finder import installed, uninstall
from runtime.engine import builtin_registry, open_studio
from runtime.packs import PackState, Shelf
from runtime.packs.opening import open_shelf
from runtime.settings import Settings
from tests.runtime.packs.pack_folder import NODE, PackFolder, report_of, result_of

CLASS = """
import folder_paths
from nodes import MAX_RESOLUTION
from .parts import FACTOR

class Rain:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"value": ("INT", {{"default": 1, "max": MAX_RESOLUTION}})}}}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "fall"
    CATEGORY = "weather"

    def fall(self, value):
        return (value * FACTOR,)

NODE_CLASS_MAPPINGS = {{"{name}": Rain}}
NODE_DISPLAY_NAME_MAPPINGS = {{"{name}": "Rain!"}}
WEB_DIRECTORY = "./js"
"""
V3 = """
from comfy_api.latest import ComfyExtension, io

class Snow(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema("Snow", category="weather", inputs=[io.Int.Input("value", default=1)], outputs=[io.Int.Output()])

    @classmethod
    def execute(cls, value):
        return io.NodeOutput(value + 1)

class Weather(ComfyExtension):
    async def get_node_list(self):
        return [Snow]

async def comfy_entrypoint():
    return Weather()
"""


@pytest.fixture
def shelf(packs: PackFolder) -> Iterator[Shelf]:
    """A shelf as commands have it, with nothing loaded."""
    settings = Settings(base=packs.root.parent, device="cpu")
    with open_studio(settings, registry=builtin_registry()) as studio:
        yield open_shelf(studio, settings, patience_s=60.0)
        uninstall()


def rain(packs: PackFolder, factor: int = 2) -> None:
    packs.write("ComfyUI-Rain/__init__.py", CLASS.format(name="Rain v1"))
    packs.write("ComfyUI-Rain/parts.py", f"FACTOR = {factor}")
    packs.write("ComfyUI-Rain/js/rain.js")


def test_classes_and_schemas_become_nodes(packs: PackFolder, shelf: Shelf) -> None:
    rain(packs)
    packs.write("snow/__init__.py", V3)
    packs.write("hail.py", NODE.format(name="Hail", factor=1))
    shelf.load()
    assert [report.problems for report in shelf.reports()] == [(), (), ()]
    assert (result_of(shelf, "Rain v1", value=4), result_of(shelf, "Snow", value=4)) == (8, 5)
    assert [report_of(shelf, name).kind for name in ("ComfyUI-Rain", "hail", "snow")] == ["comfyui", "weft", "comfyui"]
    assert shelf.web_folders == {"ComfyUI-Rain": packs.root / "ComfyUI-Rain" / "js"}
    spec = shelf.registry.find("Rain v1")
    assert spec is not None
    assert (spec.display_name, spec.module.split(".")[:2]) == ("Rain!", ["custom_nodes", "ComfyUI-Rain"])


def test_they_are_loaded_again_too(packs: PackFolder, shelf: Shelf) -> None:
    rain(packs)
    shelf.load()
    before = dict(shelf.digests)
    rain(packs, factor=7)
    shelf.note([packs.root / "ComfyUI-Rain" / "parts.py"])
    assert shelf.refresh()
    assert result_of(shelf, "Rain v1", value=4) == 28
    assert shelf.digests != before


def test_a_node_that_cannot_be_used_leaves_the_others(packs: PackFolder, shelf: Shelf) -> None:
    rain(packs)
    path = packs.root / "ComfyUI-Rain" / "__init__.py"
    path.write_text(path.read_text() + "\nclass Bad: ...\nNODE_CLASS_MAPPINGS['Bad'] = Bad\n")
    shelf.load()
    report = report_of(shelf, "ComfyUI-Rain")
    assert (report.state, report.nodes) == (PackState.PARTLY, ("Rain v1",))
    assert "Bad is left out" in report.problems[0].message


def test_what_weft_does_not_have_of_comfyui_is_named(packs: PackFolder, shelf: Shelf) -> None:
    packs.write("rain/__init__.py", "import comfy.not_there\nNODE_CLASS_MAPPINGS = {}")
    shelf.load()
    (problem,) = report_of(shelf, "rain").problems
    assert "comfy.not_there is a module of ComfyUI that Weft does not have" in problem.message
    assert "pip install" not in problem.remedy


def test_without_such_packs_nothing_of_comfyui_is_there(packs: PackFolder, shelf: Shelf) -> None:
    packs.write("hail.py", NODE.format(name="Hail", factor=1))
    shelf.load()
    assert installed() is None


def test_without_an_entry_it_is_said_what_is_missing(packs: PackFolder, shelf: Shelf) -> None:
    packs.write("rain/__init__.py", "import folder_paths\nNODE_CLASS_MAPPINGS = {}")
    shelf.load()
    assert "There is nothing in it" in report_of(shelf, "rain").problems[0].message
