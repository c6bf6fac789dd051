"""The API format: node ids to class_type, inputs and title; a link is `["4", 0]`.

    workflow = from_api({"4": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}}})
    workflow.nodes["4"].inputs["samples"]  # Link("3", 0)

A literal list stands as `{"__value__": [...]}` in the document, because a bare list of a text and a number is a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.formats.document import want_mapping, want_text
from graph.normalise import WRAPPER
from graph.workflow import CACHE_PROPERTY, CacheMark, Input, Link, Node, Workflow

NOTHING: dict[str, Any] = {}
_NESTED = (list, dict)  # kinds of values that may be a link, or stand for a list


def from_api(document: Mapping[str, Any]) -> Workflow:
    """Return the workflow of an API document; FormatError names the node that is not well formed."""
    nodes = want_mapping(document, "The workflow").items()
    return Workflow({str(node_id): _read_node(str(node_id), node) for node_id, node in nodes})


def to_api(workflow: Workflow) -> dict[str, Any]:
    """Return the API document of a workflow."""
    return {node.id: _write_node(node) for node in workflow.nodes.values()}


def _read_node(node_id: str, document: Any) -> Node:
    fields = document if isinstance(document, dict) else want_mapping(document, _place(node_id))
    node_type = fields.get("class_type")
    if not isinstance(node_type, str) or not node_type:
        node_type = want_text(node_type, f"{_place(node_id)}, class_type")
    inputs = fields.get("inputs") or NOTHING
    if not isinstance(inputs, dict):
        want_mapping(inputs, f"{_place(node_id)}, inputs")
    read: dict[str, Input] = {}
    links: list[tuple[str, Link]] = []
    for name, value in inputs.items():
        if type(value) in _NESTED:
            value = _read_input(value)
            if type(value) is Link:
                links.append((name, value))
        read[name] = value
    meta = fields.get("_meta")
    if not isinstance(meta, dict):
        return Node.made(node_id, node_type, read, links)
    title = meta.get("title")
    is_named = isinstance(title, str) and title not in ("", node_type)
    mark = CacheMark.of(meta.get(CACHE_PROPERTY))
    return Node.made(node_id, node_type, read, links, title if is_named else None, mark)


def _place(node_id: str) -> str:
    return f'Node "{node_id}"'


def _read_input(value: Any) -> Input:
    if type(value) is list:
        if len(value) == 2:
            node_id, output = value
            if type(node_id) is str and (type(output) is int or _is_number(output)):
                return Link(node_id, int(output))
    elif len(value) == 1 and WRAPPER in value:
        return value[WRAPPER]
    return value


def _is_number(value: Any) -> bool:
    """Return whether a value numbers an output; `0.0` does, as some writers know only one kind of number."""
    return not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


def _write_node(node: Node) -> dict[str, Any]:
    inputs = {name: _write_input(value) for name, value in node.inputs.items()}
    mark = {CACHE_PROPERTY: node.mark.value} if node.mark else {}
    return {"inputs": inputs, "class_type": node.type, "_meta": {"title": node.title or node.type, **mark}}


def _write_input(value: Input) -> Any:
    if isinstance(value, Link):
        return [value.node_id, value.output]
    is_ambiguous = isinstance(value, list) or (isinstance(value, dict) and set(value) == {WRAPPER})
    return {WRAPPER: value} if is_ambiguous else value
