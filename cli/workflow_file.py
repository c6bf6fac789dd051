"""Read a workflow file for a command, change what the user asked for, and say what is wrong with it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph.errors import GraphError, Problem
from graph.formats import read_workflow
from graph.spec import NodeSpec
from graph.validate import validate
from graph.widgets import Seed
from graph.workflow import Node, Workflow
from runtime.metadata import read_workflow_document

if TYPE_CHECKING:
    from runtime.engine import Studio

INVALID = 2
FAILED = 1
CANCELLED = 130  # what shells report for Ctrl-C


class UsageError(GraphError):
    """The command cannot be carried out as it was typed."""


def load_workflow(path: Path, studio: Studio) -> Workflow:
    """Return the workflow of a JSON file (API or editor format) or of a picture; a GraphError says why there is none."""
    try:
        document = read_workflow_document(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}).") from error
    return read_workflow(document, studio.registry.find)


def with_settings(workflow: Workflow, settings: Iterable[str]) -> Workflow:
    """Apply NODE.INPUT=VALUE settings; nodes by id, title or type."""
    for setting in settings:
        target, equals, text = setting.partition("=")
        name, dot, input_name = target.rpartition(".")
        if not equals or not dot:
            raise UsageError(f'--set {setting}: write NODE.INPUT=VALUE, for example --set "KSampler.steps=30".')
        node = find_node(workflow, name)
        if input_name not in node.inputs:
            raise UsageError(
                f"--set {setting}: {node.label} has no input {input_name}{_near(input_name, node.inputs)}."
            )
        workflow = workflow.with_input(node.id, input_name, _value(text, node.inputs[input_name]))
    return workflow


def find_node(workflow: Workflow, name: str) -> Node:
    """Return the node of that id, title or type; UsageError if there is none, or more than one."""
    if name in workflow.nodes:
        return workflow.nodes[name]
    found = [node for node in workflow.nodes.values() if name in (node.title, node.type)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(node.id for node in found)
        raise UsageError(f'"{name}" names {len(found)} nodes; use one of the ids {ids}.')
    names = [word for node in workflow.nodes.values() for word in (node.id, node.title, node.type) if word]
    raise UsageError(f'No node is called "{name}"{_near(name, names)}.')


def with_seed(workflow: Workflow, seed: int, studio: Studio) -> Workflow:
    """Set every seed that is not linked."""
    for node in workflow.nodes.values():
        spec = studio.registry.find(node.type)
        for name in seed_inputs(spec) if spec else ():
            if name in node.inputs and not any(linked == name for linked, _ in node.links()):
                workflow = workflow.with_input(node.id, name, seed)
    return workflow


def seed_inputs(spec: NodeSpec) -> tuple[str, ...]:
    """Return the inputs of a node type that are seeds."""
    return tuple(socket.name for socket in spec.inputs if isinstance(socket.widget, Seed))


def problems_of(workflow: Workflow, studio: Studio) -> tuple[Problem, ...]:
    """Return every reason why a workflow cannot run here."""
    return validate(workflow, studio.registry, names=studio.names)


def _value(text: str, present: Any) -> Any:
    if isinstance(present, str):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _near(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.4)
    return f'; did you mean "{found[0]}"?' if found else ""
