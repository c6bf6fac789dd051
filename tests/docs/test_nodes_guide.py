"""Every example of docs/nodes.md runs and gives what the page says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import pytest

from graph.describe import describe
from graph.registry import Registry
from graph.spec import NodeSpec

GUIDE = Path(__file__).parents[2] / "docs" / "nodes.md"
BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_guide(text: str) -> dict[str, Any]:
    """Run the examples from top to bottom in one namespace, as a reader would; return it."""
    namespace: dict[str, Any] = {"__name__": "my_nodes"}
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        if block[1] == "python":
            exec(compile("\n" * line + block[2], str(GUIDE), "exec"), namespace)
        else:
            run_session(block[2], namespace, line)
    return namespace


def run_session(session: str, namespace: dict[str, Any], line: int) -> None:
    example = doctest.DocTestParser().get_doctest(session, namespace, "nodes.md", str(GUIDE), line)
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=report.append, clear_globs=False)
    assert not report, "".join(report)
    namespace.update(example.globs)


@pytest.fixture(scope="module")
def guide() -> dict[str, Any]:
    return run_guide(GUIDE.read_text(encoding="utf-8"))


def specs(guide: dict[str, Any]) -> list[NodeSpec]:
    return [value.spec for value in guide.values() if isinstance(getattr(value, "spec", None), NodeSpec)]


def test_every_example_runs(guide: dict[str, Any]) -> None:
    assert len(specs(guide)) >= 12


def test_the_nodes_of_the_guide_make_a_registry_that_describes_itself(guide: dict[str, Any]) -> None:
    for spec in Registry.of(*specs(guide)):
        assert describe(spec)["name"] == spec.name
        assert spec.description


def test_a_wrong_example_would_be_noticed() -> None:
    with pytest.raises(AssertionError, match="Expected"):
        run_guide("```pycon\n>>> 1 + 1\n3\n```\n")
