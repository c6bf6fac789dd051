"""`weft nodes check`: what it tells of packs that work, that lack something, and that take their process with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.compat.cases import PACKS

Result = tuple[int, dict[str, Any]]
NATIVE = """
from graph.spec import node
from nodes.sockets import Image

@node(category="weather")
def Rain(image: Image, value: int = 1) -> int:
    '''Let it rain.'''
    return value
"""
CLASS = """
class Right:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT",)}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"
    def run(self, a):
        return (a,)

NODE_CLASS_MAPPINGS = {"Right": Right}
"""


def check(path: Path, *options: str) -> Result:
    """Run the command, which looks in a process of its own."""
    done = CliRunner().invoke(app, ["nodes", "check", str(path), "--json", *options])
    assert done.exit_code in (0, 1), done.output
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., Result]:
    """Return a function that writes the files of a pack and checks it."""

    def write(files: Mapping[str, str], *options: str) -> Result:
        folder = tmp_path / "rain"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check(folder, *options)

    return write


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_native_pack_is_checked_wherever_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "my weather.py"
    path.write_text(NATIVE)
    code, told = check(path)
    assert (code, told["kind"], told["state"], told["nodes"]) == (0, "weft", "loaded", ["Rain"])
    assert (told["features"], told["lacking"], told["problems"]) == ([], [], [])
    assert [each.name for each in tmp_path.iterdir()] == ["my weather.py"]


def test_a_pack_for_comfyui_says_which_features_it_uses() -> None:
    code, told = check(PACKS / "lazy")
    uses = {each["name"]: each["nodes"] for each in told["features"]}
    assert (code, told["kind"], told["state"]) == (0, "comfyui", "loaded")
    assert "T WholeLazy" in uses["inputs as whole lists (INPUT_IS_LIST)"]
    assert "T Loud" not in uses["lazy inputs (lazy, check_lazy_status)"]


def test_nodes_that_are_left_out_are_told_with_the_reason() -> None:
    code, told = check(PACKS / "broken")
    assert (code, told["state"], told["nodes"]) == (1, "partly", ["T Right"])
    assert any("T WithoutOutputs is left out: " in each["message"] for each in told["problems"])


def test_scripts_are_told_with_the_editor_that_loads_them(checked: Callable[..., Result]) -> None:
    scripts = dict.fromkeys(("web/weft/stars.js", "web/weft/parts/one.js", "web/old.js"), "")
    code, told = checked({"pyproject.toml": "[tool.weft]\nweb = 'web'\n", "rain.py": NATIVE, **scripts})
    editors = {Path(each["file"]).name: each["editor"] for each in told["scripts"]}
    assert (code, editors) == (0, {"stars.js": "weft", "old.js": "comfyui"})


LACKING = """
import comfy.utils
from comfy.utils import ProgressBar, nothing_of_the_kind
import comfy.never.there as never
import folder_paths as paths
from nodes import NODE_CLASS_MAPPINGS as known, NoSuchNode

try:
    from comfy.utils import perhaps
except ImportError:
    perhaps = None

def later(comfy=None):
    paths.get_no_folder("a")
    return comfy.utils.a_parameter_of_this_name

server = never.anything
"""


def test_names_that_are_not_here_are_told_with_file_and_line(checked: Callable[..., Result]) -> None:
    code, told = checked({"part.py": LACKING, "__init__.py": CLASS})
    found = {each["name"]: each for each in told["lacking"]}
    assert code == 1
    assert set(found) == {
        "comfy.utils.nothing_of_the_kind",
        "comfy.never",
        "nodes.NoSuchNode",
        "comfy.utils.perhaps",
        "folder_paths.get_no_folder",
    }
    assert found["comfy.never"]["line"] == line_of(LACKING, "comfy.never")
    assert found["folder_paths.get_no_folder"]["is_late"]
    assert {name for name, each in found.items() if each["is_optional"]} == {"comfy.utils.perhaps"}
    assert told["state"] == "loaded"  # that file is not imported


def test_a_name_that_the_pack_does_without_is_no_fault(checked: Callable[..., Result]) -> None:
    head = "try:\n    import comfy.never\n    import weather_station\nexcept ImportError:\n    pass\n"
    code, told = checked({"__init__.py": head + CLASS})
    assert (code, told["state"]) == (0, "loaded")
    assert [each["name"] for each in told["lacking"]] == ["comfy.never"]
    assert [(each["text"], each["is_optional"]) for each in told["requirements"]] == [("weather_station", True)]


def test_patches_of_the_host_are_told(checked: Callable[..., Result]) -> None:
    head = "import comfy.utils, nodes\ncomfy.utils.load_torch_file = print\nsetattr(comfy.utils, 'common_upscale', print)\n"
    code, told = checked({"__init__.py": head + CLASS})
    assert code == 0
    assert {(each["name"], each["line"]) for each in told["patches"]} == {
        ("comfy.utils.load_torch_file", 2),
        ("comfy.utils.common_upscale", None),
    }


def test_requirements_that_are_not_met_are_told(checked: Callable[..., Result]) -> None:
    listed = "numpy>=1\nnumpy>=999\nno-such-thing-here\nother; python_version < '3'\n"
    imported = CLASS + "\ndef later():\n    import weather_station\n"
    code, told = checked({"requirements.txt": listed, "__init__.py": imported})
    assert (code, told["state"]) == (1, "loaded")
    wanted = [(each["text"], each["found"] is None, each["line"] is None) for each in told["requirements"]]
    assert wanted == [("numpy>=999", False, True), ("no-such-thing-here", True, True), ("weather_station", True, False)]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys\nsys.exit(3)", "It called sys.exit(3) while it was imported."),
        ("import os\nos._exit(0)", "It ended the process, with the exit code 0, while it was imported."),
        ("import ctypes\nctypes.string_at(0)", "It ended the process with SIGSEGV"),
        ("import time\ntime.sleep(1000)", "It was still being imported after 0.5 s"),
        ("def", "SyntaxError: invalid syntax."),
    ],
)
def test_a_pack_that_ends_its_process_or_never_ends_is_told(
    checked: Callable[..., Result], code: str, sentence: str
) -> None:
    status, told = checked({"__init__.py": f"{code}\n{CLASS}"}, "--limit", "0.5")
    (problem,) = told["problems"]
    assert (status, told["state"], told["nodes"]) == (1, "failed", [])
    assert problem["message"].startswith(sentence)
    assert problem["file"].endswith("rain/__init__.py")
    if "_exit" not in code:
        assert problem["line"] in (1, 2)


def test_what_the_files_say_is_told_although_the_process_ended(checked: Callable[..., Result]) -> None:
    _, told = checked({"__init__.py": "import os\nos.abort()\nimport comfy.never\n" + CLASS})
    assert "SIGABRT" in told["problems"][0]["message"]
    assert [each["name"] for each in told["lacking"]] == ["comfy.never"]


def test_the_report_reads_well_in_a_terminal() -> None:
    done = CliRunner().invoke(app, ["nodes", "check", str(PACKS / "routes_folders")])
    assert done.exit_code == 0
    first, *lines = done.stdout.splitlines()
    assert first == "routes_folders, for ComfyUI: loaded"
    assert {"  T Rain, T AddsLater", "  routes_folders/web/web.js", "  routes_folders/more/more.js"} <= set(lines)


def test_what_is_no_pack_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path / "a.txt"):
        done = CliRunner().invoke(app, ["nodes", "check", str(path)])
        assert done.exit_code == 2
        assert "is no pack" in done.output
