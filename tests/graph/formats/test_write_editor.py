"""Workflows become editor documents that read back the same, with every node in a place of its own."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.errors import FormatError
from graph.formats import from_api, from_editor, to_api, to_editor
from graph.registry import Registry
from graph.workflow import Link, Node, Workflow


def test_an_editor_document_comes_back_the_same(simple: dict[str, Any], registry: Registry) -> None:
    workflow = from_editor(simple, registry.find)
    again = from_editor(to_editor(workflow, registry.find), registry.find)
    assert to_api(again) == to_api(workflow)


def test_the_document_has_what_an_editor_needs(simple: dict[str, Any], registry: Registry) -> None:
    document = to_editor(from_editor(simple, registry.find), registry.find, after_run="fixed")
    sampler = document["nodes"][1]
    assert sampler["id"] == 2
    assert sampler["title"] == "My sampler"
    assert sampler["widgets_values"] == [7, "fixed", 12, 3.5]
    assert [slot["name"] for slot in sampler["inputs"]] == ["model", "image"]
    assert sampler["outputs"] == [{"name": "IMAGE", "type": "IMAGE", "links": [2], "slot_index": 0}]
    assert document["links"] == [[1, 1, 0, 2, 0, "MODEL"], [2, 2, 0, 3, 0, "IMAGE"]]
    assert (document["last_node_id"], document["last_link_id"], document["version"]) == (3, 2, 0.4)


def test_a_linked_widget_has_a_slot_that_says_so(registry: Registry) -> None:
    workflow = Workflow.of(Node("1", "Number"), Node("2", "Sample", {"steps": Link("1", 0), "seed": 3}))
    document = to_editor(workflow, registry.find)
    slot = next(slot for slot in document["nodes"][1]["inputs"] if slot["name"] == "steps")
    assert slot == {"name": "steps", "type": "INT", "link": 1, "widget": {"name": "steps"}}
    assert from_editor(document, registry.find).nodes["2"].inputs["steps"] == Link("1", 0)


def test_unknown_types_and_unknown_inputs_survive(registry: Registry) -> None:
    workflow = Workflow.of(
        Node("1", "Load", {"name": "a", "extra": [1, 2]}),
        Node("x:2", "Odd", {"a": Link("1", 3), "b": "text", "c": {"d": 1}}),
        Node("3", "Gather", {"note": "", "values0": Link("x:2", 1), "values1": Link("1", 0)}),
    )
    assert to_api(from_editor(to_editor(workflow, registry.find), registry.find)) == to_api(workflow)


def test_a_link_to_nowhere_is_an_error(registry: Registry) -> None:
    with pytest.raises(FormatError, match="Save #3, images: there is no node #9"):
        to_editor(Workflow.of(Node("3", "Save", {"images": Link("9", 0)})), registry.find)


def test_columns_follow_the_links_and_nothing_overlaps(registry: Registry) -> None:
    loads = [Node(f"{n}", "Load") for n in range(3)]
    samples = [Node(f"{n + 10}", "Sample", {"model": Link(f"{n}", 0)}) for n in range(3)]
    document = to_editor(Workflow.of(*samples, *loads), registry.find)
    boxes = {node["id"]: (*node["pos"], *node["size"]) for node in document["nodes"]}
    assert all(boxes[n + 10][0] >= boxes[n][0] + boxes[n][2] for n in range(3))
    for (x, y, width, height), (x2, y2, width2, height2) in itertools.combinations(boxes.values(), 2):
        assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y


def test_a_ring_of_links_can_be_drawn(registry: Registry) -> None:
    ring = Workflow.of(Node("1", "Sample", {"image": Link("2", 0)}), Node("2", "Sample", {"image": Link("1", 0)}))
    document = to_editor(ring, registry.find)
    assert from_editor(document, registry.find).nodes["2"].inputs["image"] == Link("1", 0)


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    """Workflows of samplers and savers with any links backwards and any values."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 8))):
        inputs: dict[str, Any] = {
            "seed": draw(st.integers(0, 2**64 - 1)),
            "steps": draw(st.integers(1, 100)),
            "cfg": 1.5,
        }
        if number and draw(st.booleans()):
            inputs[draw(st.sampled_from(["image", "model", "steps"]))] = Link(draw(st.sampled_from(nodes)).id, 0)
        node_id = draw(st.sampled_from([f"{number}", f"1{number}:4", f"0{number}"]))
        nodes.append(
            Node(node_id, draw(st.sampled_from(["Sample", "Odd"])), inputs, draw(st.none() | st.just("A title")))
        )
    return Workflow.of(*nodes)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the registry is a constant
@given(workflow=workflows())
def test_every_workflow_reads_back_the_same(workflow: Workflow, registry: Registry) -> None:
    document = json.loads(json.dumps(to_editor(workflow, registry.find)))
    read = from_editor(document, registry.find)
    assert to_api(read) == to_api(workflow)
    assert to_api(from_api(to_api(read))) == to_api(read)
