"""A saved file loads its pack again; a broken one leaves the last good version."""

from __future__ import annotations

import sys

from graph.plan import make_survey
from graph.registry import Registry
from graph.workflow import Node, Workflow
from runtime.packs import PackState, Shelf
from runtime.realm import with_code_of_packs
from runtime.settings import PackSettings
from tests.runtime.packs.pack_folder import NODE, PackFolder, report_of, result_of


def keys(shelf: Shelf) -> dict[str, object]:
    workflow = Workflow.of(Node("Rain", "Rain", {"value": 1}), Node("Snow", "Snow", {"value": 1}))
    registry = with_code_of_packs(shelf.registry, shelf.digests)
    return dict(make_survey(workflow, registry, ["Rain", "Snow"]).keys)


def two(packs: PackFolder) -> Shelf:
    packs.write("rain/__init__.py", "from .drops import Rain")
    packs.write("rain/drops.py", "from .helper import FACTOR\n" + NODE.format(name="Rain", factor="FACTOR"))
    packs.write("rain/helper.py", "FACTOR = 2")
    packs.write("snow.py", NODE.format(name="Snow", factor=1))
    return packs.shelf()


def test_a_changed_helper_changes_its_pack_and_no_other(packs: PackFolder) -> None:
    shelf = two(packs)
    before, module = keys(shelf), sys.modules["custom_nodes.snow"]
    path = packs.write("rain/helper.py", "FACTOR = 3")  # of the same size, within the same second
    shelf.note([path])
    assert shelf.refresh()
    assert result_of(shelf, "Rain", value=1) == 3
    after = keys(shelf)
    assert {name for name in before if before[name] != after[name]} == {"Rain"}
    assert sys.modules["custom_nodes.snow"] is module


def test_the_same_code_again_has_the_same_keys(packs: PackFolder) -> None:
    shelf = two(packs)
    before = keys(shelf)
    for text in ("FACTOR = 3", "FACTOR = 2"):
        shelf.note([packs.write("rain/helper.py", text)])
        shelf.refresh()
    assert keys(shelf) == before


def test_a_broken_edit_keeps_the_last_good_version_and_says_so(packs: PackFolder) -> None:
    shelf = two(packs)
    modules = {name: module for name, module in sys.modules.items() if name.startswith("custom_nodes.rain")}
    before = keys(shelf)
    path = packs.write("rain/helper.py", "FACTOR = (")
    shelf.note([path])
    assert shelf.refresh()
    assert result_of(shelf, "Rain", value=1) == 2
    assert keys(shelf) == before
    report = report_of(shelf, "rain")
    assert (report.state, report.nodes) == (PackState.PARTLY, ("Rain",))
    assert report.problems[0].message.startswith("The edit is not used")
    assert report.problems[0].place == f"{path}:1"
    assert modules == {name: module for name, module in sys.modules.items() if name.startswith("custom_nodes.rain")}
    shelf.note([packs.write("rain/helper.py", "FACTOR = 5")])
    assert shelf.refresh()
    assert result_of(shelf, "Rain", value=1) == 5
    assert report_of(shelf, "rain").state is PackState.LOADED


def test_one_that_failed_is_loaded_once_it_is_mended(packs: PackFolder) -> None:
    path = packs.write("rain.py", "1 / 0")
    shelf = packs.shelf()
    assert report_of(shelf, "rain").state is PackState.FAILED
    packs.write("rain.py", NODE.format(name="Rain", factor=1))
    shelf.note([path])
    assert shelf.refresh()
    assert shelf.registry.find("Rain") is not None


def test_new_packs_come_and_removed_ones_go(packs: PackFolder) -> None:
    shelf = two(packs)
    path = packs.write("hail.py", NODE.format(name="Hail", factor=1))
    (packs.root / "snow.py").unlink()
    shelf.note([path, packs.root / "snow.py"])
    assert shelf.refresh()
    assert {spec.name for spec in shelf.registry} == {"Hail", "Rain"}
    assert [report.name for report in shelf.reports()] == ["hail", "rain"]
    assert "custom_nodes.snow" not in sys.modules


def test_switching_off_by_a_new_name_counts_as_gone(packs: PackFolder) -> None:
    shelf = two(packs)
    (packs.root / "rain").rename(packs.root / "rain.disabled")
    shelf.note([packs.root / "rain"])
    assert shelf.refresh()
    assert shelf.registry.find("Rain") is None
    assert report_of(shelf, "rain").state is PackState.DISABLED


def test_files_of_no_pack_change_nothing(packs: PackFolder) -> None:
    shelf = two(packs)
    shelf.note([packs.root / "notes.txt"])
    assert not shelf.refresh()


def test_a_name_that_the_other_pack_gave_up_is_free(packs: PackFolder) -> None:
    packs.write("a.py", NODE.format(name="Rain", factor=1))
    packs.write("b.py", NODE.format(name="Rain", factor=2))
    shelf = packs.shelf()
    shelf.note([packs.write("a.py", NODE.format(name="Hail", factor=1))])
    shelf.refresh()
    assert result_of(shelf, "Rain", value=1) == 2
    assert report_of(shelf, "b").state is PackState.LOADED


def test_what_was_left_out_at_the_start_is_tried_again_when_it_changes(packs: PackFolder) -> None:
    path = packs.write("rain.py", NODE.format(name="Rain", factor=1))
    shelf = packs.shelf(Registry.of(), settings=PackSettings(without=("rain",)))
    assert shelf.registry.find("Rain") is None
    shelf.note([path])
    assert shelf.refresh()
    assert shelf.registry.find("Rain") is not None


def test_a_broken_edit_of_a_pack_with_a_taken_name_tells_both(packs: PackFolder) -> None:
    packs.write("a.py", NODE.format(name="Rain", factor=1))
    path = packs.write("b.py", NODE.format(name="Rain", factor=2) + NODE.format(name="Snow", factor=2))
    shelf = packs.shelf()
    packs.write("b.py", "1 / 0")
    shelf.note([path])
    shelf.refresh()
    report = report_of(shelf, "b")
    assert report.nodes == ("Snow",)
    assert [problem.message.split()[0] for problem in report.problems] == ["The", "The"]
    assert "ZeroDivisionError" in report.problems[0].message
    assert "belongs to the pack a" in report.problems[1].message


def test_a_pack_whose_manifest_cannot_be_opened_fails_alone(packs: PackFolder) -> None:
    packs.write("rain/__init__.py", NODE.format(name="Rain", factor=1))
    (packs.root / "rain" / "pyproject.toml").mkdir()
    packs.write("snow.py", NODE.format(name="Snow", factor=1))
    assert {spec.name for spec in packs.shelf().registry} == {"Rain", "Snow"}
