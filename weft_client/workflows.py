"""Workflows as they are sent: read from a file, with some inputs changed.

read_workflow("workflow_api.json")
with_inputs(workflow, {"5.seed": 8, "CLIPTextEncode.text": "a lake"})
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weft_client.errors import ClientError

Workflow = Mapping[str, Any]


def read_workflow(source: Workflow | str | Path) -> Workflow:
    """Return a workflow that is one already, or that stands in a file."""
    if isinstance(source, Mapping):
        return source
    try:
        found = json.loads(Path(source).read_text(encoding="utf-8"))
    except OSError as error:
        raise ClientError(f"{source} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise ClientError(f"{source} is no JSON document: {error}.") from error
    if not isinstance(found, dict):
        raise ClientError(f"{source} is no workflow: expected an object of nodes.")
    return found


def with_inputs(workflow: Workflow, inputs: Mapping[str, Any]) -> Workflow:
    """Return a workflow in API format with other inputs: NODE.INPUT, where NODE is an id, a title or a type."""
    if inputs and "nodes" in workflow:
        raise ClientError("Inputs can be changed in API format only; save the workflow by Export (API).")
    nodes = (
        {node_id: {**node, "inputs": dict(node.get("inputs", {}))} for node_id, node in workflow.items()}
        if inputs
        else {}
    )
    for name, value in inputs.items():
        node, dot, input_name = name.rpartition(".")
        if not dot:
            raise ClientError(f'"{name}" names no input; write NODE.INPUT, such as KSampler.seed.')
        nodes[_find(nodes, node)]["inputs"][input_name] = value
    return {**workflow, **nodes}


def _find(nodes: Workflow, wanted: str) -> str:
    """Return the id of the node with that id, else with that title, else of that type."""
    if wanted in nodes:
        return wanted
    titled = [node_id for node_id, node in nodes.items() if node.get("_meta", {}).get("title") == wanted]
    found = titled or [node_id for node_id, node in nodes.items() if node.get("class_type") == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise ClientError(f'"{wanted}" may be any of the nodes {", ".join(found)}; write the id.')
    there = ", ".join(f"{node_id} ({node.get('class_type')})" for node_id, node in nodes.items())
    raise ClientError(f'There is no node "{wanted}"; there is: {there}.')
