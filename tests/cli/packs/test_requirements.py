"""What packs ask pip for: resolved before anything is installed, explained if it cannot be, put back if something fails.

Each test has a Python of its own and an index that is a folder of wheels.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement

from cli.packs.environment import Change, Environment
from files.packs import Pack, read_record
from files.packs.requirements import Need, needs_of
from tests.cli.packs.making import NODE, OwnPython, wheel

Folder = Callable[..., Path]


def need(who: str, text: str) -> Need:
    return Need(who, Requirement(text))


def test_the_requirements_of_a_pack_are_those_of_both_files_unless_it_speaks_to_weft(folder: Folder) -> None:
    listed = {"requirements.txt": "noise>=1\nold; python_version < '3'\n"}
    pack = Pack("rain", folder("rain", {**listed, "pyproject.toml": '[project]\ndependencies = ["cloud"]'}))
    assert [str(each.requirement) for each in needs_of(pack)] == ["cloud", "noise>=1"]
    pack = Pack("snow", folder("snow", {**listed, "pyproject.toml": '[tool.weft]\nrequires = ["flake"]'}))
    assert [str(each.requirement) for each in needs_of(pack)] == ["flake"]


def test_a_change_that_breaks_what_is_met_now_is_told_and_others_are_not() -> None:
    here = Environment(
        {"noise": "1.0", "cloud": "1"}, (need("cloud", "noise<2"), need("rain", "noise>=3"), need("fog", "dew"))
    )
    assert here.broken_by([Change("noise", "1.5", "1.0")]) == []
    (sentence,) = here.broken_by([Change("noise", "2.0", "1.0"), Change("dew", "1", None)])
    assert sentence == "noise 2.0 in place of 1.0 would be installed; cloud, which is installed, needs noise<2."
    assert here.broken_by([Change("noise", "2.0", "1.0"), Change("cloud", "2", "1")]) == []


def test_what_a_pack_asks_for_is_installed_with_what_that_needs(own_python: OwnPython, folder: Folder) -> None:
    wheel(own_python.index, "noise", "1.0")
    wheel(own_python.index, "noise", "2.0")
    wheel(own_python.index, "cloud", "1.0", needs=("noise<2",))
    code, text = own_python.weft("install", folder("rain", {"requirements.txt": "cloud\nnumpy\n"}))
    assert code == 0, text
    assert own_python.installed() == {"cloud-1.0", "noise-1.0"}
    assert (own_python.packs / "rain").is_dir()
    snow = folder("snow", {"requirements.txt": "noise>=2"})
    before = own_python.state()
    code, text = own_python.weft("install", snow)
    assert (code, "cloud, which is installed, needs noise<2" in text) == (1, True), text
    assert own_python.installed() == {"cloud-1.0", "noise-1.0"}
    assert own_python.state() == before


def test_another_pack_that_needs_the_old_version_is_named(own_python: OwnPython, folder: Folder) -> None:
    wheel(own_python.index, "noise", "1.0")
    own_python.weft("install", folder("rain", {"requirements.txt": "noise<2"}))
    wheel(own_python.index, "noise", "2.0")
    code, text = own_python.weft("install", folder("snow", {"requirements.txt": "noise>=2"}))
    assert (code, "noise 2.0 in place of 1.0 would be installed; rain" in text) == (1, True), text
    assert own_python.installed() == {"noise-1.0"}


def test_no_pack_changes_torch_or_what_weft_needs(own_python: OwnPython, folder: Folder) -> None:
    wheel(own_python.index, "torch", "1.0")
    wheel(own_python.index, "numpy", "1.0")
    code, text = own_python.weft("install", folder("rain", {"requirements.txt": "torch<2"}))
    assert code == 1
    assert f"rain asks for torch<2; torch {version('torch')} is installed, and packs do not change it" in text
    wheel(own_python.index, "cloud", "1.0", needs=("torch<2",))
    code, text = own_python.weft("install", folder("fog", {"requirements.txt": "cloud"}))
    assert (code, "torch<2" in text) == (1, True), text
    code, text = own_python.weft("install", folder("snow", {"requirements.txt": "numpy<2"}))
    assert code == 1
    assert f"snow asks for numpy<2; numpy {version('numpy')} is installed, and weft needs numpy>=2.0" in text
    assert own_python.state() == {}
    assert own_python.installed() == set()


def test_a_package_that_is_nowhere_is_told_by_pip_s_words(own_python: OwnPython, folder: Folder) -> None:
    source = folder("rain", {"requirements.txt": "nowhere-at-all"})
    code, text = own_python.weft("install", source)
    assert (code, "No matching distribution found for nowhere-at-all" in text) == (1, True), text
    assert own_python.state() == {}
    assert own_python.weft("install", source, "--without-requirements").code == 0


def test_a_pip_step_that_fails_half_way_is_undone(own_python: OwnPython, folder: Folder) -> None:
    wheel(own_python.index, "noise", "1.0")
    own_python.weft("install", folder("rain", {"requirements.txt": "noise"}))
    wheel(own_python.index, "noise", "2.0")
    (own_python.site / "fog.py").mkdir()  # where pip wants to write a file
    (own_python.site / "fog.py" / "x").touch()
    wheel(own_python.index, "fog", "1.0")
    before = own_python.state()
    code, text = own_python.weft("install", folder("snow", {"requirements.txt": "fog\nnoise>=2"}))
    assert code == 1, text
    assert own_python.installed() == {"noise-1.0"}, text
    assert own_python.state() == before
    assert "These packages were put back: noise==1.0." in text


def test_a_package_of_an_index_becomes_a_pack(own_python: OwnPython) -> None:
    files = {"noise_nodes/__init__.py": NODE, "noise_nodes/data.txt": "a"}
    wheel(own_python.index, "noise_nodes", "1.0", files, needs=("dew", "test-tool; extra == 'test'"))
    wheel(own_python.index, "dew", "1.0")
    code, text = own_python.weft("install", "noise-nodes")
    assert code == 0, text
    pack = Pack("noise-nodes", own_python.packs / "noise-nodes")
    record = read_record(pack)
    assert record is not None
    assert (record.version, own_python.installed()) == ("1.0", {"dew-1.0"})
    file = own_python.base / "set.json"
    own_python.weft("freeze", file)
    assert json.loads(file.read_text())["requirements"] == {"dew": "1.0"}
    wheel(own_python.index, "noise_nodes", "2.0", {"noise_nodes/__init__.py": "a = 1"})
    assert "noise-nodes (2.0) is in" in own_python.weft("update").text
    code, text = own_python.weft("restore", file)
    assert code == 0, text
    assert "noise-nodes  1.0  switched on  from noise-nodes" in own_python.weft("list", "--packs").text


def test_a_wheel_without_one_package_is_no_pack(own_python: OwnPython) -> None:
    wheel(own_python.index, "tools", "1.0", {"a/__init__.py": "", "b/__init__.py": ""})
    code, text = own_python.weft("install", "tools==1.0")
    assert (code, "one Python package is expected in it, and it has a, b" in text) == (1, True), text
    assert own_python.state() == {}


def test_requirements_of_a_pack_put_there_by_hand_are_installed(own_python: OwnPython) -> None:
    wheel(own_python.index, "noise", "1.0")
    pack = own_python.packs / "rain"
    pack.mkdir()
    (pack / "requirements.txt").write_text("noise")
    (pack / "__init__.py").write_text("import noise\n" + NODE)
    assert "weft nodes install-requirements rain" in own_python.weft("list").text
    code, text = own_python.weft("install-requirements", "rain")
    assert (code, own_python.installed()) == (0, {"noise-1.0"}), text
    assert "rain  loaded, 1 node" in own_python.weft("list").text
