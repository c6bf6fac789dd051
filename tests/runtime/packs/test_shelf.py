"""Packs are found, imported under their names, and one that misbehaves keeps no other away."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
import torch

from graph.registry import Registry
from graph.spec import node
from runtime.packs import PackState
from runtime.settings import PackSettings
from tests.runtime.packs.pack_folder import NODE, PackFolder, report_of, result_of

GOOD = NODE.format(name="Good", factor=2)


def names(registry: Registry) -> set[str]:
    return {spec.name for spec in registry}


class TestForms:
    def test_a_folder_and_a_single_file_bring_nodes(self, packs: PackFolder) -> None:
        packs.write("folder/__init__.py", NODE.format(name="One", factor=2))
        packs.write("file.py", NODE.format(name="Two", factor=3))
        shelf = packs.shelf()
        assert names(shelf.registry) == {"One", "Two"}
        assert (result_of(shelf, "One", value=5), result_of(shelf, "Two", value=5)) == (10, 15)
        assert {report.state for report in shelf.reports()} == {PackState.LOADED}

    def test_every_file_with_nodes_counts_whether_it_is_imported_or_not(self, packs: PackFolder) -> None:
        packs.write("rain/drops.py", NODE.format(name="Drops", factor=2))
        packs.write(
            "rain/notes.py", "raise RuntimeError('nobody asked for me, though @node( stands here, and graph.spec')"
        )
        packs.write("rain/test_drops.py", "raise RuntimeError('@node in a test')")
        packs.write("snow/__init__.py", "from .deep.flakes import Flakes")
        packs.write("snow/deep/flakes.py", NODE.format(name="Flakes", factor=2))
        assert names(packs.shelf().registry) == {"Drops", "Flakes"}

    @pytest.mark.parametrize("name", ["ComfyUI-Rain", "rain pack", "rain.v2", "for", "1rain", "Régen"])
    def test_names_need_not_be_identifiers(self, packs: PackFolder, name: str) -> None:
        packs.write(f"{name}/__init__.py", "from . import nodes\nfrom .nodes import Good")
        packs.write(f"{name}/nodes.py", GOOD + "\nfrom .parts.more import MORE")
        packs.write(f"{name}/parts/more.py", "MORE = 1")
        shelf = packs.shelf()
        assert report_of(shelf, name).nodes == ("Good",)
        (spec,) = shelf.registry
        assert spec.module == f"custom_nodes.{name.replace('.', '_x_')}.nodes"

    def test_nodes_that_a_pack_only_imports_are_not_its_own(self, packs: PackFolder) -> None:
        packs.write("rain/__init__.py", GOOD + "\nfrom nodes.image import ImageInvert\n")
        assert names(packs.shelf().registry) == {"Good"}

    def test_packs_import_each_other(self, packs: PackFolder) -> None:
        packs.write("a/__init__.py", "from custom_nodes.b import FACTOR\n" + NODE.format(name="A", factor="FACTOR"))
        packs.write("b/__init__.py", "FACTOR = 7")
        assert result_of(packs.shelf(), "A", value=1) == 7

    def test_modules_found_through_sys_path_belong_to_the_pack(self, packs: PackFolder) -> None:
        packs.write("rain/__init__.py", "import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\n"
                    "from rain_of_tests import Good")  # fmt: skip
        packs.write("rain/rain_of_tests.py", GOOD)
        shelf = packs.shelf()
        assert [spec.module for spec in shelf.registry] == ["custom_nodes.rain"]
        assert [note for note in report_of(shelf, "rain").notes if "sys.path" in note]

    def test_a_manifest_gives_version_and_web_folder(self, packs: PackFolder) -> None:
        packs.write("rain/__init__.py", GOOD)
        packs.write("rain/pyproject.toml", '[tool.weft]\nname = "Rain"\nversion = "1.2"\nweb = "scripts"\n')
        packs.write("rain/scripts/rain.js")
        shelf = packs.shelf()
        assert report_of(shelf, "rain").version == "1.2"
        assert shelf.web_folders == {"rain": packs.root / "rain" / "scripts"}


class TestChoice:
    def test_none_but_chosen_ones_are_loaded(self, packs: PackFolder) -> None:
        for name in ("one", "two", "three"):
            packs.write(f"{name}.py", NODE.format(name=name, factor=1))
        shelf = packs.shelf(settings=PackSettings(none=True, chosen=("one", "two.py"), without=("two",)))
        assert names(shelf.registry) == {"one"}
        assert [report_of(shelf, name).state.value for name in ("one", "three", "two")] == [
            "loaded",
            "disabled",
            "disabled",
        ]
        assert "--whitelist-custom-nodes" in report_of(shelf, "three").notes[0]

    def test_those_that_are_switched_off_are_listed(self, packs: PackFolder) -> None:
        packs.write("rain.disabled/__init__.py", "raise RuntimeError")
        assert report_of(packs.shelf(), "rain").state is PackState.DISABLED


class TestFailures:
    @pytest.mark.parametrize(
        ("text", "line", "message", "remedy"),
        [
            ("\nraise ValueError('no luck')", 2, "ValueError: no luck.", "Update the pack"),
            ("import sys\nsys.exit(3)", 2, "sys.exit(3)", "in place of ending the program"),
            ("raise KeyboardInterrupt", 1, "KeyboardInterrupt", "Update the pack"),
            ("\n\ndef f(:\n", 3, "SyntaxError", "Mend this line"),
            ("import not_there_at_all", 1, "No module named 'not_there_at_all'", "pip install not_there_at_all"),
            ("from torch import not_there", 1, "cannot import name 'not_there'", "too old or too new"),
            (GOOD.replace(": int", ""), 4, "Good, value: the parameter has no annotation", "Mend this line"),
            ("a = 1", None, "There is nothing in it", "@node"),
            ("def f(): f()\nf()", 1, "RecursionError", "Update the pack"),
        ],
    )
    def test_one_that_fails_says_where_why_and_what_to_do(
        self, packs: PackFolder, text: str, line: int | None, message: str, remedy: str
    ) -> None:
        packs.write("bad/__init__.py", text)
        packs.write("good.py", GOOD)
        shelf = packs.shelf()
        assert names(shelf.registry) == {"Good"}
        report = report_of(shelf, "bad")
        (problem,) = report.problems
        assert report.state is PackState.FAILED
        assert message in problem.message
        assert remedy in problem.remedy
        assert problem.line == line
        assert str(problem.file).startswith(str(packs.root / "bad"))

    def test_the_line_is_the_pack_s_own_also_if_a_library_raised(self, packs: PackFolder) -> None:
        packs.write("bad.py", "import json\n\njson.loads('{')\n")
        (problem,) = report_of(packs.shelf(), "bad").problems
        assert (problem.file, problem.line) == (str(packs.root / "bad.py"), 3)
        assert "JSONDecodeError" in problem.traceback

    def test_missing_requirements_are_told_by_the_pack_s_own_list(self, packs: PackFolder) -> None:
        packs.write("bad/__init__.py", "import not_there_at_all")
        packs.write("bad/requirements.txt", "not-there>=1")
        (problem,) = report_of(packs.shelf(), "bad").problems
        assert "weft nodes install-requirements bad" in problem.remedy

    def test_a_file_that_fails_leaves_the_others_of_its_pack(self, packs: PackFolder) -> None:
        packs.write("rain/drops.py", NODE.format(name="Drops", factor=2))
        packs.write("rain/puddles.py", "from graph.spec import node\n1 / 0\n@node()\ndef Puddle() -> int: ...")
        report = report_of(packs.shelf(), "rain")
        assert (report.state, report.nodes) == (PackState.PARTLY, ("Drops",))
        assert report.problems[0].place == f"{packs.root / 'rain' / 'puddles.py'}:2"

    def test_a_wrong_manifest_is_told_and_the_nodes_are_there(self, packs: PackFolder) -> None:
        packs.write("rain/__init__.py", GOOD)
        packs.write("rain/pyproject.toml", "[tool.weft")
        report = report_of(packs.shelf(), "rain")
        assert (report.state, report.nodes) == (PackState.PARTLY, ("Good",))

    def test_a_web_folder_that_is_not_there_is_told(self, packs: PackFolder) -> None:
        packs.write("rain/__init__.py", GOOD)
        packs.write("rain/pyproject.toml", '[tool.weft]\nweb = "js"')
        shelf = packs.shelf()
        assert "is not there" in report_of(shelf, "rain").problems[0].message
        assert shelf.web_folders == {}


class TestNames:
    def test_of_two_nodes_with_one_name_the_first_pack_s_stays(self, packs: PackFolder) -> None:
        packs.write("a.py", GOOD)
        packs.write("b.py", NODE.format(name="Good", factor=9) + NODE.format(name="Own", factor=1))
        shelf = packs.shelf()
        assert result_of(shelf, "Good", value=1) == 2
        report = report_of(shelf, "b")
        assert (report.state, report.nodes) == (PackState.PARTLY, ("Own",))
        (problem,) = report.problems
        assert 'The name "Good" belongs to the pack a' in problem.message
        assert problem.place == f"{packs.root / 'b.py'}:4"

    def test_built_in_nodes_stay_and_their_further_names_too(self, packs: PackFolder) -> None:
        @node(category="test", aliases=("Older",))
        def Good(value: int = 0) -> int:
            return value

        packs.write("a.py", GOOD + NODE.format(name="Older", factor=3))
        shelf = packs.shelf(Registry.of(Good))
        assert result_of(shelf, "Older", value=1) == 1
        assert len(report_of(shelf, "a").problems) == 2

    def test_built_in_nodes_with_names_of_packs_give_way(self, packs: PackFolder) -> None:
        @node(gives_way=True)
        def Good(value: int) -> int:
            return value

        @node(gives_way=True)
        def Other(value: int) -> int:
            return value

        packs.write("rain/__init__.py", GOOD)
        shelf = packs.shelf(Registry.of(Good, Other))
        assert report_of(shelf, "rain").state is PackState.LOADED
        assert result_of(shelf, "Good", value=5) == 10
        assert result_of(shelf, "Other", value=5) == 5

    def test_a_further_name_that_is_taken_costs_only_itself(self, packs: PackFolder) -> None:
        packs.write("a.py", GOOD)
        packs.write("b.py", NODE.format(name="Other", factor=1).replace('"test"', '"test", aliases=("Good", "Mine")'))
        shelf = packs.shelf()
        found = shelf.registry.find("Mine")
        assert found is not None
        assert (found.name, found.aliases) == ("Other", ("Mine",))

    def test_twice_in_one_pack_the_first_stays(self, packs: PackFolder) -> None:
        packs.write("a/one.py", GOOD)
        packs.write("a/two.py", NODE.format(name="Good", factor=9))
        shelf = packs.shelf()
        assert result_of(shelf, "Good", value=1) == 2
        assert report_of(shelf, "a").state is PackState.PARTLY


class TestSurroundings:
    @pytest.mark.parametrize(
        ("text", "read"),
        [
            ("torch.set_default_dtype(torch.float64)", torch.get_default_dtype),
            ("torch.set_grad_enabled(False)", torch.is_grad_enabled),
            ("torch.set_default_device('meta')", torch.get_default_device),
            ("torch.set_num_threads(torch.get_num_threads() + 1)", torch.get_num_threads),
            ("torch.use_deterministic_algorithms(True)", torch.are_deterministic_algorithms_enabled),
            ("torch.backends.cudnn.benchmark = True", lambda: torch.backends.cudnn.benchmark),
            ("os.chdir('/')", os.getcwd),
            ("logging.basicConfig(level=10, force=True)", lambda: logging_state()),
            ("sys.stdout = sys.stderr", lambda: sys.stdout),
        ],
    )
    def test_what_others_would_suffer_from_is_put_back_and_told(
        self, packs: PackFolder, text: str, read: object
    ) -> None:
        assert callable(read)
        before = read()
        packs.write("rain.py", f"import logging, os, sys, torch\n{text}\n{GOOD}")
        report = report_of(packs.shelf(), "rain")
        assert read() == before
        assert report.state is PackState.LOADED
        assert any(note.endswith("that was put back.") for note in report.notes)

    @pytest.mark.parametrize(
        ("text", "note"),
        [
            ("os.environ['RAIN_OF_TESTS'] = '1'", "RAIN_OF_TESTS"),
            ("sys.path.append('/rain/of/tests')", "/rain/of/tests"),
            ("warnings.simplefilter('ignore')", "warnings"),
            ("signal.signal(signal.SIGTERM, print)", "SIGTERM"),
        ],
    )
    def test_other_changes_are_told(
        self, packs: PackFolder, monkeypatch: pytest.MonkeyPatch, text: str, note: str
    ) -> None:
        monkeypatch.setenv("RAIN_OF_TESTS", "0")
        packs.write("rain.py", f"import os, signal, sys, warnings\n{text}\n{GOOD}")
        report = report_of(packs.shelf(), "rain")
        assert any(note in each for each in report.notes)
        assert report.nodes == ("Good",)

    def test_a_well_behaved_pack_has_no_notes(self, packs: PackFolder) -> None:
        packs.write("rain.py", GOOD)
        assert report_of(packs.shelf(), "rain").notes == ()


def logging_state() -> tuple[int, int]:
    import logging

    root = logging.getLogger()
    return root.level, len(root.handlers)


class TestOutput:
    def test_lines_are_marked_with_the_pack_s_name(self, packs: PackFolder, capsys: pytest.CaptureFixture[str]) -> None:
        packs.write("rain.py", "import sys\nprint('drop', end='')\nprint('s')\nsys.stderr.write('no end')\n" + GOOD)
        packs.shelf()
        out, err = capsys.readouterr()
        assert (out, err) == ("", "[rain] drops\n[rain] no end\n")

    def test_a_flood_is_bounded(self, packs: PackFolder, capsys: pytest.CaptureFixture[str]) -> None:
        packs.write("rain.py", "for number in range(100_000):\n    print(number, 'x' * 10_000)\n" + GOOD)
        report = report_of(packs.shelf(), "rain")
        assert len(capsys.readouterr().err) < 100_000
        assert "100,000 lines" in report.notes[0]

    def test_other_threads_write_as_before(self, packs: PackFolder, capsys: pytest.CaptureFixture[str]) -> None:
        packs.write(
            "rain.py", "import threading\nother = threading.Thread(target=lambda: print('mine'))\nother.start()\n"
            "other.join()\n" + GOOD
        )  # fmt: skip
        packs.shelf()
        assert capsys.readouterr().out == "mine\n"


class TestPatience:
    @pytest.fixture
    def slow(self, packs: PackFolder) -> Path:
        """A pack whose import waits for a file."""
        gate = packs.root.parent / "gate"
        packs.write("b_slow.py", f"import os, time\nwhile not os.path.exists({str(gate)!r}):\n    time.sleep(0.01)\n"
                    + NODE.format(name="Slow", factor=3))  # fmt: skip
        packs.write("a.py", NODE.format(name="A", factor=1))
        packs.write("c.py", NODE.format(name="C", factor=1))
        return gate

    def test_the_others_go_on_and_it_joins_when_it_is_done(self, packs: PackFolder, slow: Path) -> None:
        told: list[tuple[str, ...]] = []
        came = threading.Event()
        shelf = packs.shelf(patience_s=0.5, on_loading=told.append, on_news=came.set)
        assert names(shelf.registry) == {"A", "C"}
        report = report_of(shelf, "b_slow")
        assert report.state is PackState.LOADING
        assert "longer than 0.5 s" in report.problems[0].message
        assert told[-1] == ("b_slow",)
        slow.touch()
        assert came.wait(60)
        assert shelf.refresh()
        assert names(shelf.registry) == {"A", "C", "Slow"}
        assert report_of(shelf, "b_slow").state is PackState.LOADED
        assert told[-1] == ()
        assert not shelf.refresh()

    def test_an_edit_meanwhile_is_seen_to_afterwards(self, packs: PackFolder, slow: Path) -> None:
        came = threading.Event()
        shelf = packs.shelf(patience_s=0.5, on_news=came.set)
        path = packs.write("b_slow.py", NODE.format(name="Mended", factor=1))
        shelf.note([path])
        assert came.wait(60)
        came.clear()
        assert not shelf.refresh()
        slow.touch()
        assert came.wait(60)
        assert shelf.refresh()
        assert names(shelf.registry) == {"A", "C", "Mended"}
