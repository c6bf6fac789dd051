"""Marks on nodes, "never cache" and "pin", travel with documents of both forms."""

from __future__ import annotations

from typing import Any

import pytest

from graph.formats import from_api, read_workflow, to_api, to_editor
from graph.workflow import CacheMark, Node, Workflow


def no_spec(name: str) -> Any:
    return None


@pytest.mark.parametrize("mark", [None, *CacheMark])
def test_a_mark_survives_both_forms(mark: CacheMark | None) -> None:
    workflow = Workflow.of(Node("1", "Anything", {"value": 1}, mark=mark))
    assert from_api(to_api(workflow)) == workflow
    assert read_workflow(to_editor(workflow, no_spec), no_spec) == workflow


def test_documents_say_it_under_one_name() -> None:
    workflow = Workflow.of(Node("1", "Anything", {}, mark=CacheMark.PIN))
    assert to_api(workflow)["1"]["_meta"]["weft_cache"] == "pin"
    assert to_editor(workflow, no_spec)["nodes"][0]["properties"]["weft_cache"] == "pin"


@pytest.mark.parametrize("value", [None, "", "always", 1, [], {"never": 1}])
def test_other_values_mean_nothing(value: Any) -> None:
    document = {"1": {"class_type": "A", "inputs": {}, "_meta": {"weft_cache": value}}}
    assert from_api(document).nodes["1"].mark is None
