"""Every example of docs/nodes.md runs and gives what the page says."""

from __future__ import annotations

from typing import Any

import pytest

from graph.describe import describe
from graph.registry import Registry
from graph.spec import NodeSpec
from tests.docs.examples import ROOT, run_examples, run_text


@pytest.fixture(scope="module")
def guide() -> dict[str, Any]:
    return run_examples(ROOT / "docs" / "nodes.md")


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
        run_text("```pycon\n>>> 1 + 1\n3\n```\n")
