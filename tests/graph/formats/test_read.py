"""Telling documents apart, and the sentences for those that are none."""

from __future__ import annotations

from typing import Any

import pytest

from graph.errors import FormatError
from graph.formats import Form, form_of, parse, read_workflow, to_api
from graph.registry import Registry

API = {"1": {"class_type": "Load", "inputs": {"name": "a"}}}


@pytest.mark.parametrize(
    "document", [API, {"prompt": API, "client_id": "x"}, {"output": API, "workflow": {"nodes": []}}]
)
def test_api_documents_are_known_wrapped_or_not(document: dict[str, Any], registry: Registry) -> None:
    assert form_of(document) is Form.API
    assert read_workflow(document, registry.find).nodes["1"].inputs == {"name": "a"}


def test_a_node_may_be_called_prompt() -> None:
    assert form_of({"prompt": API["1"]}) is Form.API


def test_editor_documents_are_known_by_their_list_of_nodes(simple: dict[str, Any], registry: Registry) -> None:
    assert form_of(simple) is Form.EDITOR
    assert form_of({"workflow": simple}) is Form.EDITOR
    assert list(read_workflow(simple, registry.find).nodes) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("document", "part"),
    [
        ([], "a list"),
        ({}, "no nodes"),
        ({"name": "x"}, '"name"'),
        ({"1": {"class_type": "A"}, "2": 5}, 'Node "2" is a number; an object'),
        ({"1": {"class_type": 4}}, 'Node "1", class_type is a number'),
        ({"1": {"class_type": "A", "inputs": [1]}}, 'Node "1", inputs is a list'),
        ({"nodes": [5]}, r"nodes\[0\] is a number"),
        ({"nodes": [{"id": 1}]}, r"nodes\[0\].type is missing"),
        ({"nodes": [{"type": "A"}]}, r"nodes\[0\].id is missing"),
        ({"nodes": [{"id": 1, "type": "A"}, {"id": "1", "type": "B"}]}, "two nodes #1"),
        ({"nodes": [{"id": 1, "type": "A", "inputs": [{"link": []}]}]}, r"nodes\[0\].inputs\[0\].link is a list"),
        ({"nodes": [{"id": 1, "type": "A", "widgets_values": "x"}]}, "widgets_values is a text"),
        ({"nodes": [], "links": [[1, 2]]}, r"links\[0\] has 2 values"),
        ({"nodes": [], "links": [{"id": 1, "origin_id": 1, "origin_slot": None}]}, "slot of the origin is missing"),
        ({"nodes": [], "definitions": {"subgraphs": [{"id": "s", "nodes": [1]}]}}, r"subgraphs\[0\].nodes\[0\] is a"),
    ],
)
def test_the_error_names_the_place(document: Any, part: str, registry: Registry) -> None:
    with pytest.raises(FormatError, match=part):
        read_workflow(document, registry.find)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('{\n "a": ,}', "line 2, column 7"),
        ("", "line 1, column 1"),
        (b"\xff\xfe", "UTF-8"),
        ("[" * 200_000, "cannot be read"),
        ("1" * 5000, "cannot be read"),
    ],
)
def test_the_error_for_text_names_line_and_column(text: str | bytes, part: str) -> None:
    with pytest.raises(FormatError, match=part):
        parse(text)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse(b"\xef\xbb\xbf{}") == {}
    assert parse("\ufeff{}") == {}


def test_titles_go_into_the_api_document(simple: dict[str, Any], registry: Registry) -> None:
    assert to_api(read_workflow(simple, registry.find))["2"] == {
        "class_type": "Sample",
        "inputs": {"seed": 7, "steps": 12, "cfg": 3.5, "model": ["1", 0]},
        "_meta": {"title": "My sampler"},
    }
