"""The API format keeps everything that a workflow says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.formats import from_api, read_api, to_api
from graph.workflow import Link, Node, Workflow

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
LITERALS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)
INPUTS = st.dictionaries(
    st.text(max_size=4), LITERALS | st.builds(Link, st.text(max_size=3), st.integers(0, 9)), max_size=4
)
NODES = st.builds(Node, st.text(max_size=3), st.text(min_size=1, max_size=5), INPUTS, st.none() | st.text(min_size=1))


@given(st.lists(NODES, max_size=4).map(lambda nodes: Workflow.of(*nodes)))
def test_reading_what_was_written_gives_the_same_document(workflow: Workflow) -> None:
    document = to_api(workflow)
    again = from_api(document)
    assert to_api(again) == document
    assert [node.inputs for node in again.nodes.values()] == [node.inputs for node in workflow.nodes.values()]


META = st.none() | st.integers() | st.dictionaries(st.sampled_from(["title", "weft_cache"]), st.just("pin") | SCALARS)


@given(
    st.dictionaries(
        st.text(max_size=3),
        st.fixed_dictionaries({"class_type": st.text(min_size=1)}, optional={"inputs": INPUTS, "_meta": META}),
    )
)
def test_a_text_in_order_is_read_at_once_to_the_same_workflow(document: dict[str, Any]) -> None:
    text = msgspec.json.encode(document)
    assert read_api(text) == from_api(msgspec.json.decode(text))


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"1": 5}', '{"1": {}}', '{"1": {"class_type": ""}}', '{"1": {"class_type": "A", "inputs": null}}'],
)
def test_a_text_that_is_not_in_order_is_left_to_those_who_have_a_sentence_for_it(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_api(text.encode())


def test_a_changed_node_knows_its_new_links() -> None:
    node = read_api(b'{"1": {"class_type": "A", "inputs": {"a": ["2", 0]}}}').nodes["1"]
    assert node.links() == [("a", Link("2", 0))]
    assert node.changed(inputs={"b": Link("3", 1)}).links() == [("b", Link("3", 1))]
    assert node.changed(title="t") == Node("1", "A", {"a": Link("2", 0)}, "t") != node


def test_a_literal_list_is_not_taken_for_a_link() -> None:
    workflow = Workflow.of(Node("1", "A", {"list": ["2", 0], "link": Link("2", 0)}))
    document = to_api(workflow)
    assert document["1"]["inputs"] == {"list": {"__value__": ["2", 0]}, "link": ["2", 0]}
    assert from_api(document) == workflow


def test_an_output_number_with_a_point_is_a_link_and_a_truth_value_is_not() -> None:
    node = from_api({"1": {"class_type": "A", "inputs": {"a": ["2", 1.0], "b": ["2", True]}}}).nodes["1"]
    assert node.inputs == {"a": Link("2", 1), "b": ["2", True]}
    assert isinstance(node.inputs["a"], Link)
    assert not isinstance(node.inputs["b"], Link)
