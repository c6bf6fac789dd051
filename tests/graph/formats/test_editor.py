"""Editor documents become what ComfyUI's editor would send: every virtual thing is resolved."""

from __future__ import annotations

from typing import Any

import pytest

from graph.errors import FormatError
from graph.formats import from_editor
from graph.registry import Registry
from graph.workflow import Link, Workflow

Slots = list[dict[str, Any]]


def node(node_id: Any, node_type: str, inputs: Slots = (), outputs: str = "", **fields: Any) -> dict[str, Any]:  # type: ignore[assignment]
    out = [{"name": name, "type": name} for name in outputs.split()]
    return {"id": node_id, "type": node_type, "inputs": list(inputs), "outputs": out, **fields}


def slot(name: str, slot_type: str, link: int | None, *, widget: bool = False) -> dict[str, Any]:
    return {"name": name, "type": slot_type, "link": link, **({"widget": {"name": name}} if widget else {})}


def document(*nodes: dict[str, Any], links: list[Any]) -> dict[str, Any]:
    return {"nodes": list(nodes), "links": links, "version": 0.4}


def read(doc: dict[str, Any], registry: Registry) -> Workflow:
    return from_editor(doc, registry.find)


LOAD = node(1, "Load", outputs="MODEL")
IMAGE = {"outputs": "IMAGE"}


def sample(node_id: int, model: int | None, image: int | None = None, **fields: Any) -> dict[str, Any]:
    inputs = [slot("model", "MODEL", model), slot("image", "IMAGE", image)]
    return node(node_id, "Sample", inputs, "IMAGE", **fields)


def save(node_id: int, images: int) -> dict[str, Any]:
    return node(node_id, "Save", [slot("images", "IMAGE", images)])


def test_links_may_be_objects_and_ids_stay_texts(simple: dict[str, Any], registry: Registry) -> None:
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    objects = [dict(zip(keys, link, strict=True)) | {"parentId": 4} for link in simple["links"]]
    reroutes = [{"id": 4, "pos": [0, 0], "linkIds": [1]}]
    same = {**simple, "links": objects, "version": 1, "reroutes": reroutes}
    assert read(same, registry) == read(simple, registry)


def test_a_chain_of_reroutes_is_followed_however_long(registry: Registry) -> None:
    count = 3000
    reroutes = [node(n + 2, "Reroute", [slot("", "*", n + 1)], "MODEL") for n in range(count)]
    links = [[n + 1, n + 1, 0, n + 2, 0, "MODEL"] for n in range(count + 1)]
    workflow = read(document(LOAD, *reroutes, sample(count + 2, count + 1), links=links), registry)
    assert list(workflow.nodes) == ["1", str(count + 2)]
    assert workflow.nodes[str(count + 2)].inputs["model"] == Link("1", 0)


def test_reroutes_that_lead_back_to_themselves_are_an_error(registry: Registry) -> None:
    ring = [node(1, "Reroute", [slot("", "*", 1)], "*"), node(2, "Reroute", [slot("", "*", 2)], "*")]
    links = [[1, 2, 0, 1, 0, "*"], [2, 1, 0, 2, 0, "*"], [3, 1, 0, 3, 0, "*"]]
    with pytest.raises(FormatError, match="lead back"):
        read(document(*ring, save(3, 3), links=links), registry)


def test_a_primitive_gives_its_value_also_through_a_reroute(registry: Registry) -> None:
    primitive = node(5, "PrimitiveNode", outputs="INT", widgets_values=[42, "fixed"])
    reroute = node(6, "Reroute", [slot("", "*", 5)], "INT")
    target = sample(2, 1, widgets_values=[0, "fixed", 1, 2.0])
    target["inputs"] += [slot("seed", "INT", 4, widget=True), slot("steps", "INT", 6, widget=True)]
    links = [[1, 1, 0, 2, 0, "MODEL"], [4, 5, 0, 2, 2, "INT"], [5, 5, 0, 6, 0, "INT"], [6, 6, 0, 2, 3, "INT"]]
    workflow = read(document(LOAD, primitive, reroute, target, links=links), registry)
    assert workflow.nodes["2"].inputs == {"seed": 42, "steps": 42, "cfg": 2.0, "model": Link("1", 0)}
    assert "5" not in workflow.nodes


def test_a_link_into_a_widget_wins_over_its_value(registry: Registry) -> None:
    number = node(9, "Number", outputs="FLOAT")
    target = sample(2, 1, widgets_values=[0, "fixed", 1, 2.0])
    target["inputs"].append(slot("cfg", "FLOAT", 7, widget=True))
    workflow = read(document(LOAD, number, target, links=[[1, 1, 0, 2, 0, "M"], [7, 9, 0, 2, 2, "FLOAT"]]), registry)
    assert workflow.nodes["2"].inputs["cfg"] == Link("9", 0)
    assert workflow.nodes["2"].inputs["steps"] == 1


def test_notes_are_dropped_and_muted_nodes_with_their_links(registry: Registry) -> None:
    notes = [node(8, "Note", widgets_values=["hi"]), node(9, "MarkdownNote", widgets_values=["hi"])]
    links = [[1, 1, 0, 2, 0, "MODEL"], [2, 2, 0, 3, 0, "IMAGE"]]
    workflow = read(document(*notes, LOAD, sample(2, 1, mode=2), save(3, 2), links=links), registry)
    assert list(workflow.nodes) == ["1", "3"]
    assert workflow.nodes["3"].inputs == {"prefix": "x"}


def test_a_bypassed_node_passes_on_the_input_of_the_same_type(registry: Registry) -> None:
    cut = node(4, "Cut", [slot("mask", "MASK", 8), slot("image", "IMAGE", 3)], "IMAGE", mode=4)
    links = [[3, 2, 0, 4, 1, "IMAGE"], [8, 7, 0, 4, 0, "MASK"], [5, 4, 0, 3, 0, "IMAGE"]]
    masks = node(7, "Masks", outputs="MASK")
    workflow = read(document(masks, sample(2, None), cut, save(3, 5), links=links), registry)
    assert workflow.nodes["3"].inputs["images"] == Link("2", 0)
    assert "4" not in workflow.nodes


def test_a_bypassed_node_prefers_the_input_beside_the_output(registry: Registry) -> None:
    swap = node(4, "Swap", [slot("a", "IMAGE", 1), slot("b", "IMAGE", 2)], "IMAGE IMAGE", mode=4)
    links = [[1, 1, 0, 4, 0, "IMAGE"], [2, 2, 0, 4, 1, "IMAGE"], [3, 4, 1, 3, 0, "IMAGE"]]
    workflow = read(document(sample(1, None), sample(2, None), swap, save(3, 3), links=links), registry)
    assert workflow.nodes["3"].inputs["images"] == Link("2", 0)


def test_a_bypassed_node_without_a_fitting_input_leaves_a_gap(registry: Registry) -> None:
    bypassed = sample(2, 1, mode=4)
    bypassed["inputs"] = bypassed["inputs"][:1]
    links = [[1, 1, 0, 2, 0, "MODEL"], [2, 2, 0, 3, 0, "IMAGE"]]
    workflow = read(document(LOAD, bypassed, save(3, 2), links=links), registry)
    assert workflow.nodes["3"].inputs == {"prefix": "x"}


def test_an_unknown_type_keeps_its_links(registry: Registry) -> None:
    odd = node("a:b", "Odd", [slot("thing", "MODEL", 1)], widgets_values=[1, 2, 3])
    workflow = read(document(LOAD, odd, links=[None, [1, 1, 0, "a:b", 0, "MODEL"]]), registry)
    assert workflow.nodes["a:b"].inputs == {"thing": Link("1", 0)}
    assert workflow.nodes["a:b"].type == "Odd"


def test_links_that_the_document_does_not_have_are_no_links(registry: Registry) -> None:
    assert read(document(save(3, 99), links=[]), registry).nodes["3"].inputs == {"prefix": "x"}
