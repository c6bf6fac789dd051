"""Subgraphs are flattened, nested ones too; values set on their node reach the widgets inside."""

from __future__ import annotations

from typing import Any

import pytest

from graph.errors import FormatError
from graph.formats import from_editor
from graph.registry import Registry
from graph.workflow import Link, Node


def wire(wire_id: int, origin: int, origin_slot: int, target: int, target_slot: int) -> dict[str, Any]:
    ends = {"origin_id": origin, "origin_slot": origin_slot, "target_id": target, "target_slot": target_slot}
    return {"id": wire_id, **ends, "type": "*"}


def inner_sampler(node_id: int = 7, *, steps: int = 5) -> dict[str, Any]:
    inputs = [
        {"name": "model", "type": "MODEL", "link": 1},
        {"name": "steps", "type": "INT", "link": 2, "widget": {"name": "steps"}},
        {"name": "cfg", "type": "FLOAT", "link": None, "widget": {"name": "cfg"}},
    ]
    outputs = [{"name": "IMAGE", "type": "IMAGE"}]
    values = [1, "fixed", steps, 2.0]
    return {"id": node_id, "type": "Sample", "inputs": inputs, "outputs": outputs, "widgets_values": values}


def definition(subgraph_id: str = "sub", **changes: Any) -> dict[str, Any]:
    """A sampler with its model and its steps from outside."""
    return {
        "id": subgraph_id,
        "inputs": [{"name": "model", "type": "MODEL"}, {"name": "steps", "type": "INT", "linkIds": [2]}],
        "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
        "nodes": [inner_sampler()],
        "links": [wire(1, -10, 0, 7, 0), wire(2, -10, 1, 7, 1), wire(3, 7, 0, -20, 0)],
        **changes,
    }


def host(node_id: int = 5, steps_link: int | None = None, **fields: Any) -> dict[str, Any]:
    inputs = [
        {"name": "model", "type": "MODEL", "link": 10},
        {"name": "steps", "type": "INT", "link": steps_link, "widget": {"name": "steps"}},
    ]
    outputs = [{"name": "IMAGE", "type": "IMAGE"}]
    return {"id": node_id, "type": "sub", "inputs": inputs, "outputs": outputs, **fields}


def document(*hosts: dict[str, Any], definitions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    load = {"id": 1, "type": "Load", "outputs": [{"name": "MODEL", "type": "MODEL"}]}
    number = {"id": 2, "type": "Number", "outputs": [{"name": "INT", "type": "INT"}]}
    save = {"id": 3, "type": "Save", "inputs": [{"name": "images", "type": "IMAGE", "link": 11}]}
    links = [[10, 1, 0, 5, 0, "MODEL"], [11, 5, 0, 3, 0, "IMAGE"], [12, 2, 0, 5, 1, "INT"]]
    subgraphs = {"subgraphs": definitions or [definition()]}
    return {"nodes": [load, number, *hosts, save], "links": links, "definitions": subgraphs}


def sampler(doc: dict[str, Any], registry: Registry, node_id: str = "5:7") -> Node:
    return from_editor(doc, registry.find).nodes[node_id]


def test_wires_pass_through_the_ends_of_a_subgraph(registry: Registry) -> None:
    workflow = from_editor(document(host(steps_link=12)), registry.find)
    assert list(workflow.nodes) == ["1", "2", "5:7", "3"]
    assert workflow.nodes["5:7"].inputs == {"seed": 1, "steps": Link("2", 0), "cfg": 2.0, "model": Link("1", 0)}
    assert workflow.nodes["3"].inputs["images"] == Link("5:7", 0)


@pytest.mark.parametrize(
    ("fields", "steps", "cfg"),
    [
        ({}, 5, 2.0),
        ({"widgets_values": [33]}, 33, 2.0),
        ({"widgets_values": {"steps": 33}}, 33, 2.0),
        ({"widgets_values": [99], "widgets_values_named": {"steps": 33}}, 33, 2.0),
        ({"widgets_values": [], "properties": {"proxyWidgets": [["7", "steps"]]}}, 5, 2.0),
        ({"widgets_values": [33, 4.0], "properties": {"proxyWidgets": [["7", "steps"], ["7", "cfg"]]}}, 33, 4.0),
        (
            {"widgets_values": [None, 33], "properties": {"proxyWidgets": [["7", "$$preview"], ["-1", "steps"]]}},
            33,
            2.0,
        ),
        ({"widgets_values": [33], "properties": {"proxyWidgets": ["odd"]}}, 5, 2.0),
    ],
)
def test_values_of_the_node_reach_the_widgets_inside(
    fields: dict[str, Any], steps: int, cfg: float, registry: Registry
) -> None:
    found = sampler(document(host(**fields)), registry)
    assert (found.inputs["steps"], found.inputs["cfg"]) == (steps, cfg)


def test_values_kept_for_an_input_by_name_come_first(registry: Registry) -> None:
    kept = [{"originalEntry": ["-1", "steps"], "hostValue": 44}, {"originalEntry": ["7", "cfg"], "hostValue": 9.0}]
    found = sampler(document(host(widgets_values=[33], properties={"proxyWidgetErrorQuarantine": kept})), registry)
    assert (found.inputs["steps"], found.inputs["cfg"]) == (44, 2.0)


def test_an_input_for_several_widgets_gives_all_of_them_the_first_ones_value(registry: Registry) -> None:
    second = inner_sampler(8, steps=6)
    second["inputs"][1]["link"] = 4
    links = [*definition()["links"], wire(4, -10, 1, 8, 1)]
    ends = [{"name": "model", "type": "MODEL"}, {"name": "steps", "type": "INT", "linkIds": [2, 4]}]
    several = definition(nodes=[inner_sampler(), second], links=links, inputs=ends)
    assert sampler(document(host(), definitions=[several]), registry, "5:8").inputs["steps"] == 5
    promoted = {"widgets_values": [33], "properties": {"proxyWidgets": [["7", "steps"]]}}
    assert sampler(document(host(**promoted), definitions=[several]), registry, "5:8").inputs["steps"] == 33


def nested() -> list[dict[str, Any]]:
    inner_host = {**host(9), "type": "inner"}
    inner_host["inputs"][0]["link"], inner_host["inputs"][1]["link"] = 1, 2
    links = [wire(1, -10, 0, 9, 0), wire(2, -10, 1, 9, 1), wire(3, 9, 0, -20, 0)]
    return [definition(nodes=[inner_host], links=links), definition("inner")]


def test_nested_subgraphs_are_flattened(registry: Registry) -> None:
    workflow = from_editor(document(host(widgets_values=[33]), definitions=nested()), registry.find)
    assert workflow.nodes["5:9:7"].inputs == {"seed": 1, "steps": 33, "cfg": 2.0, "model": Link("1", 0)}
    assert workflow.nodes["3"].inputs["images"] == Link("5:9:7", 0)


def test_a_definition_may_hold_the_definitions_that_it_uses(registry: Registry) -> None:
    outer, inner = nested()
    doc = document(host(), definitions=[{**outer, "definitions": {"subgraphs": [inner]}}])
    assert "5:9:7" in from_editor(doc, registry.find).nodes


def test_a_widget_of_a_nested_subgraph_can_be_set_from_outside(registry: Registry) -> None:
    outer, inner = nested()
    outer["nodes"][0]["properties"] = {"proxyWidgets": [["7", "cfg"]]}
    promoted = {"widgets_values": [4.5], "properties": {"proxyWidgets": [["9", "cfg", "7"]]}}
    assert sampler(document(host(**promoted), definitions=[outer, inner]), registry, "5:9:7").inputs["cfg"] == 4.5


def test_a_muted_subgraph_disappears_and_a_bypassed_one_passes_on(registry: Registry) -> None:
    muted = from_editor(document(host(mode=2)), registry.find)
    assert list(muted.nodes) == ["1", "2", "3"]
    assert "images" not in muted.nodes["3"].inputs
    bypassed = host(mode=4)
    bypassed["inputs"].append({"name": "image", "type": "IMAGE", "link": 13})
    doc = document(bypassed)
    doc["nodes"].append({"id": 4, "type": "Open", "outputs": [{"name": "IMAGE", "type": "IMAGE"}]})
    doc["links"].append([13, 4, 0, 5, 2, "IMAGE"])
    assert from_editor(doc, registry.find).nodes["3"].inputs["images"] == Link("4", 0)


def test_an_input_may_lead_straight_to_an_output(registry: Registry) -> None:
    straight = definition(nodes=[], links=[wire(1, -10, 0, -20, 0)])
    assert from_editor(document(host(), definitions=[straight]), registry.find).nodes["3"].inputs["images"] == Link(
        "1", 0
    )


def test_a_subgraph_inside_itself_is_an_error(registry: Registry) -> None:
    with pytest.raises(FormatError, match="contains itself"):
        from_editor(document(host(), definitions=[definition(nodes=[host(9)])]), registry.find)


def test_definitions_that_multiply_without_end_are_an_error(registry: Registry) -> None:
    levels = [
        definition("sub" if level == 0 else f"s{level}", nodes=[{"id": n, "type": f"s{level + 1}"} for n in range(40)])
        for level in range(6)
    ]
    with pytest.raises(FormatError, match="more than 100000 nodes"):
        from_editor(document(host(), definitions=levels), registry.find)
