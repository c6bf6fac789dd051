"""What is wrong with a prompt, in the shape of ComfyUI's API: one error for the whole, and errors by node.

    refusal(problems, workflow, registry, outputs)  # {"error": {"type": …, "message": …}, "node_errors": {"7": {…}}}

ComfyUI runs the outputs that are in order and reports the others; so does `good_outputs`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graph.describe import describe
from graph.errors import Problem
from graph.registry import Registry
from graph.workflow import Workflow

FEW_OPTIONS = 20  # longer lists are not sent back
# What ComfyUI's API says of each kind (0.33); our sentence goes into `details`.
MESSAGES: Mapping[str, str] = {
    "required_input_missing": "Required input is missing",
    "bad_linked_input": "Bad linked input, must be a length-2 list of [node_id, slot_index]",
    "return_type_mismatch": "Return type mismatch between linked nodes",
    "invalid_input_type": "Failed to convert an input value",
    "value_smaller_than_min": "Value smaller than min",
    "value_bigger_than_max": "Value bigger than max",
    "value_not_in_list": "Value not in list",
    "custom_validation_failed": "Custom validation failed for node",
    "dependency_cycle": "Dependency cycle detected",
    "prompt_no_outputs": "Prompt has no outputs",
    "prompt_outputs_failed_validation": "Prompt outputs failed validation",
    "no_prompt": "No prompt provided",
    "invalid_prompt": "The prompt is not a workflow in API format",
    "invalid_prompt_id": "prompt_id must be a valid UUID",
}


def plain_error(kind: str, details: str, message: str | None = None, **info: Any) -> dict[str, Any]:
    """Return the body of a refusal that concerns no single node."""
    error = {"type": kind, "message": message or MESSAGES[kind], "details": details, "extra_info": info}
    return {"error": error, "node_errors": {}}


def refusal(
    problems: Sequence[Problem], workflow: Workflow, registry: Registry, outputs: Sequence[str]
) -> dict[str, Any]:
    """Return the body of a refusal: the first problem that concerns the whole, or a summary, and errors by node."""
    whole = next((each for each in problems if each.kind in ("missing_node_type", "prompt_no_outputs")), None)
    if whole is None:
        lines = "\n".join(each.message for each in problems)
        body = plain_error("prompt_outputs_failed_validation", lines)
    elif whole.node_id is None:
        body = plain_error(whole.kind, whole.message)
    else:
        node = workflow.nodes[whole.node_id]
        info = {"node_id": node.id, "class_type": node.type, "node_title": node.title or node.type}
        body = plain_error(whole.kind, f"Node ID '#{node.id}'", whole.message, **info)
    return {**body, "node_errors": node_errors(problems, workflow, registry, outputs)}


def node_errors(
    problems: Sequence[Problem], workflow: Workflow, registry: Registry, outputs: Sequence[str]
) -> dict[str, Any]:
    """Return the errors by node, with the outputs that depend on each."""
    by_node: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.node_id is not None:
            by_node[problem.node_id].append(problem)
    readers = _readers(workflow) if by_node else {}
    return {
        node_id: {
            "errors": [_error(each, workflow, registry) for each in found],
            "dependent_outputs": [output for output in outputs if output in _behind({node_id}, readers)],
            "class_type": workflow.nodes[node_id].type,
        }
        for node_id, found in by_node.items()
    }


def good_outputs(problems: Iterable[Problem], workflow: Workflow, outputs: Sequence[str]) -> tuple[str, ...]:
    """Return the outputs that no problem touches."""
    bad = {problem.node_id for problem in problems if problem.node_id is not None}
    behind = _behind(bad, _readers(workflow)) if bad else frozenset()
    return tuple(output for output in outputs if output in workflow.nodes and output not in behind)


def _readers(workflow: Workflow) -> dict[str, list[str]]:
    readers: dict[str, list[str]] = defaultdict(list)
    for node in workflow.nodes.values():
        for _, link in node.links():
            readers[link.node_id].append(node.id)
    return readers


def _behind(node_ids: Iterable[str], readers: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the nodes and all that read them, directly or not."""
    found: set[str] = set()
    waiting = list(node_ids)
    while waiting:
        node_id = waiting.pop()
        if node_id not in found:
            found.add(node_id)
            waiting.extend(readers.get(node_id, ()))
    return frozenset(found)


def _error(problem: Problem, workflow: Workflow, registry: Registry) -> dict[str, Any]:
    known = {name: value for name, value in problem.details.items() if name not in ("options", "nearest")}
    info = {**known, "sentence": problem.message}
    if problem.input is not None and problem.node_id is not None:
        info |= {
            "input_name": problem.input,
            "input_config": _config(workflow.nodes[problem.node_id].type, problem, registry),
        }
    return {
        "type": problem.kind,
        "message": MESSAGES.get(problem.kind, problem.message),
        "details": problem.message,
        "extra_info": info,
    }


def _config(node_type: str, problem: Problem, registry: Registry) -> list[Any] | None:
    """Return the input as object_info describes it, or None where that is long."""
    spec = registry.find(node_type)
    groups = describe(spec)["input"] if spec is not None else {}
    found: list[Any] | None = next((group[problem.input] for group in groups.values() if problem.input in group), None)
    is_long = found is not None and isinstance(found[0], list) and len(found[0]) > FEW_OPTIONS
    return None if is_long else found
