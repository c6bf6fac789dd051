"""Modules of ComfyUI are found behind all others, and what is missing says who asked for it."""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

import nodes
from compat.shims.finder import install, installed, uninstall
from runtime.machine import LocalMachine

Pack = Callable[[str, str], ModuleType]


def test_nothing_of_comfyui_can_be_imported_before_it_is_installed() -> None:
    uninstall()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("folder_paths")


def test_modules_are_found_under_their_public_names(machine: LocalMachine, pack: Pack) -> None:
    module = pack(
        "user", "import comfy.utils\nfrom comfy import model_management\nimport comfy_extras.nodes_mask as masks\n"
    )
    assert vars(module)["model_management"] is sys.modules["comfy.model_management"]
    assert vars(module)["masks"].InvertMask.__module__ == "comfy_extras.nodes_mask"


def test_a_module_of_the_user_with_the_same_name_wins(
    machine: LocalMachine, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.folders.base / "node_helpers.py").write_text("mine = True")
    monkeypatch.syspath_prepend(machine.folders.base)
    try:
        assert importlib.import_module("node_helpers").mine
    finally:
        del sys.modules["node_helpers"]


def test_installing_twice_changes_nothing_and_uninstalling_takes_all_back(machine: LocalMachine) -> None:
    importlib.import_module("comfy.utils")
    assert install(machine) is installed()
    uninstall()
    assert installed() is None
    assert "comfy.utils" not in sys.modules
    assert not hasattr(nodes, "KSampler")


@pytest.mark.parametrize(
    "code", ["import comfy.ldm.flux", "from comfy.nowhere import x", "import comfy_extras.nodes_nowhere"]
)
def test_a_missing_module_names_itself_and_the_pack(machine: LocalMachine, pack: Pack, code: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=r'is a module of ComfyUI that Weft does not have; the pack "hungry"'):
        pack("hungry", code)


@pytest.mark.parametrize("code", ["from comfy.utils import nope", "from comfy import nope", "from nodes import nope"])
def test_a_missing_name_in_an_import_is_an_import_error_with_a_sentence(
    machine: LocalMachine, pack: Pack, code: str
) -> None:
    with pytest.raises(
        ImportError, match=r'has no "nope" in Weft, which the pack "hungry" asks for.* the rest of the pack may'
    ):
        pack("hungry", code)


@pytest.mark.parametrize("code", ["import comfy.utils; comfy.utils.nope", "import nodes; nodes.nope"])
def test_a_missing_attribute_is_an_attribute_error_with_the_same_sentence(
    machine: LocalMachine, pack: Pack, code: str
) -> None:
    with pytest.raises(AttributeError, match=r'has no "nope" in Weft, which the pack "hungry"'):
        pack("hungry", code)


def test_packs_can_ask_whether_there_is_a_name(machine: LocalMachine, pack: Pack) -> None:
    module = pack("careful", "import comfy.utils\nhas = hasattr(comfy.utils, 'nope'), hasattr(comfy.utils, 'bislerp')")
    assert vars(module)["has"] == (False, True)


def test_a_patch_without_effect_is_told_once_by_name(
    machine: LocalMachine, pack: Pack, caplog: pytest.LogCaptureFixture
) -> None:
    code = "import comfy.utils\ncomfy.utils.common_upscale = print\n"
    with caplog.at_level(logging.WARNING):
        pack("patcher", code)
        pack("another", code)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert 'pack "patcher" replaced comfy.utils.common_upscale' in told[0]


def test_a_patch_that_has_effect_is_not_told(
    machine: LocalMachine, pack: Pack, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        pack("mover", "import folder_paths\nfolder_paths.output_directory = '/elsewhere'")
    assert caplog.records == []
    assert sys.modules["folder_paths"].get_output_directory() == "/elsewhere"
