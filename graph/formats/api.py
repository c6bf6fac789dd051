"""The API format: node ids to class_type, inputs and title; a link is `["4", 0]`.

    workflow = from_api({"4": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}}})
    workflow.nodes["4"].inputs["samples"]  # Link("3", 0)

A literal list stands as `{"__value__": [...]}` in the document, because a bare list of a text and a number is a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from graph.formats.document import want_mapping, want_text
from graph.normalise import WRAPPER
from graph.workflow import CACHE_PROPERTY, CacheMark, Input, Link, Node, Workflow

NOTHING: dict[str, Any] = {}
_new_link = tuple.__new__  # half the time of Link(…)


class _ApiNode(msgspec.Struct, gc=False):
    """A node of a document whose shape is as it should be."""

    class_type: Annotated[str, msgspec.Meta(min_length=1)]
    inputs: dict[str, Any] = {}
    meta: Any = msgspec.field(default=None, name="_meta")


_documents = msgspec.json.Decoder(dict[str, _ApiNode])


def read_api(data: bytes) -> Workflow:
    """Return the workflow of an API document's text, in half the time of `from_api`.

    msgspec.DecodeError or RecursionError, without a sentence for people, unless the document is in order.
    """
    found = _documents.decode(data).items()
    return Workflow({node_id: _made(node_id, node.class_type, node.inputs, node.meta) for node_id, node in found})


def from_api(document: Mapping[str, Any]) -> Workflow:
    """Return the workflow of an API document; FormatError names the node that is not well formed."""
    nodes = want_mapping(document, "The workflow").items()
    return Workflow({str(node_id): _read_node(str(node_id), node) for node_id, node in nodes})


def to_api(workflow: Workflow) -> dict[str, Any]:
    """Return the API document of a workflow."""
    return {node.id: _write_node(node) for node in workflow.nodes.values()}


def _read_node(node_id: str, document: Any) -> Node:
    fields = want_mapping(document, _place(node_id))
    node_type = fields.get("class_type")
    if type(node_type) is not str or not node_type:
        node_type = want_text(node_type, f"{_place(node_id)}, class_type")
    inputs = fields.get("inputs") or NOTHING
    return _made(node_id, node_type, dict(want_mapping(inputs, f"{_place(node_id)}, inputs")), fields.get("_meta"))


def _made(node_id: str, node_type: str, inputs: dict[str, Any], meta: Any) -> Node:
    """Return a node; its inputs are given away, and what stands for links and lists becomes that."""
    links: list[tuple[str, Link]] = []
    for name, value in inputs.items():
        kind = type(value)
        if kind is list:
            if len(value) == 2 and type(value[0]) is str and (type(value[1]) is int or _is_number(value[1])):
                inputs[name] = link = _new_link(Link, (value[0], int(value[1])))
                links.append((name, link))
        elif kind is dict and len(value) == 1 and WRAPPER in value:
            inputs[name] = value[WRAPPER]
    title, mark = (None, None) if meta is None else _read_meta(meta, node_type)
    return Node(node_id, node_type, inputs, title, mark, links)


def _read_meta(meta: Any, node_type: str) -> tuple[str | None, CacheMark | None]:
    """Return the title and the mark of a node; what is no object has none."""
    if not isinstance(meta, dict):
        return None, None
    title = meta.get("title")
    is_named = isinstance(title, str) and title not in ("", node_type)
    return title if is_named else None, CacheMark.of(meta.get(CACHE_PROPERTY))


def _place(node_id: str) -> str:
    return f'Node "{node_id}"'


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
