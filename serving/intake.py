"""Intake: from a client's document to a job, or to a refusal that says all that is wrong.

    job, errors = await take_in(site, asked)  # Refused if nothing of it can run

Structure, types and ranges are checked here at once; checks that are a node pack's own code run in the worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec

from graph.errors import FormatError, Problem
from graph.formats import from_api, read_api
from graph.registry import Registry
from graph.validate import output_ids, specs_of, validate
from graph.workflow import Workflow
from serving.desk import Submission
from serving.jobs import Job
from serving.prompt_errors import good_outputs, node_errors, plain_error, refusal
from serving.queue_store import StoreError
from serving.site import Site
from serving.workers import WorkerError

SPECS_WAIT_S = 120.0  # for the first start, when no node types are known yet


class Refused(Exception):
    """A prompt that does not run. `body`: what is wrong, in ComfyUI's shape."""

    def __init__(self, body: Mapping[str, Any], status: int = 400) -> None:
        super().__init__(body["error"]["message"])
        self.body = body
        self.status = status


class Taken(NamedTuple):
    """A job that waits, and what is wrong with the outputs that are left out."""

    job: Job
    node_errors: Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a client sent: the prompt as it came, the nodes to run to, and what it says about the job."""

    prompt: bytes
    targets: Sequence[str] | None
    job: Submission


async def take_in(site: Site, asked: Asked) -> Taken:
    """Check a prompt and put it into the queue."""
    registry = await _registry(site)
    workflow = read_prompt(asked.prompt)
    job_id = checked_id(asked.job.job_id)
    outputs = _outputs(workflow, registry, asked.targets)
    problems = validate(workflow, registry, outputs, names=site.nodes.names)
    problems = problems or await _problems_of_packs(site, workflow, registry, asked.prompt)
    good = good_outputs(problems, workflow, outputs)
    if not good or any(problem.kind == "missing_node_type" for problem in problems):
        raise Refused(refusal(problems, workflow, registry, outputs))
    submission = replace(asked.job, prompt=asked.prompt, outputs=good, job_id=job_id, node_count=len(workflow.nodes))
    try:
        job = site.desk.submit(submission)
    except ValueError as error:
        raise Refused(plain_error("invalid_prompt_id", str(error))) from error
    except StoreError as error:
        raise Refused(plain_error("server_error", str(error), "The queue cannot take the job"), 507) from error
    return Taken(job, node_errors(problems, workflow, registry, outputs))


def read_prompt(data: bytes) -> Workflow:
    """Return the workflow of an API document; Refused says what it is instead."""
    try:
        return read_api(data)
    except (msgspec.DecodeError, RecursionError):
        return _read_with_care(data)


def _read_with_care(data: bytes) -> Workflow:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(plain_error("invalid_prompt", f"The prompt cannot be read: {error}.")) from error
    if not isinstance(document, dict):
        raise Refused(plain_error("invalid_prompt", f"Expected an object of nodes by id, found {_kind(document)}."))
    try:
        return from_api(document)
    except FormatError as error:
        return _refuse_node(error, document)


def _refuse_node(error: FormatError, document: Mapping[str, Any]) -> Workflow:
    """Refuse a document; a node without a type has a kind of its own, which ComfyUI's editor knows."""
    for node_id, node in document.items():
        if isinstance(node, dict) and "class_type" not in node:
            meta = node.get("_meta")
            title = meta.get("title") if isinstance(meta, dict) else None
            message = f"Node '{title or f'ID #{node_id}'}' has no class_type. The workflow may be damaged."
            info = {"node_id": node_id, "class_type": None, "node_title": title}
            raise Refused(plain_error("missing_node_type", f"Node ID '#{node_id}'", message, **info)) from error
    raise Refused(plain_error("invalid_prompt", str(error))) from error


def checked_id(job_id: Any) -> str | None:
    """Return a client's id for a job; Refused unless it is a UUID in its usual spelling."""
    if job_id is None:
        return None
    try:
        if isinstance(job_id, str) and str(uuid.UUID(job_id)) == job_id:
            return job_id
    except ValueError:
        pass
    advice = "Write a UUID in lower case with hyphens, or leave it out: the server makes one."
    raise Refused(plain_error("invalid_prompt_id", advice))


def _outputs(workflow: Workflow, registry: Registry, targets: Sequence[str] | None) -> tuple[str, ...]:
    if targets is None:
        return output_ids(workflow, registry)
    return tuple(dict.fromkeys(str(target) for target in targets))


async def _registry(site: Site) -> Registry:
    try:
        return await site.nodes.wait(SPECS_WAIT_S)
    except WorkerError as error:
        raise Refused(plain_error("server_error", str(error), "The worker does not start"), 503) from error


async def _problems_of_packs(site: Site, workflow: Workflow, registry: Registry, prompt: bytes) -> tuple[Problem, ...]:
    """Have the worker check nodes that bring checks of their own."""
    checked = {name for name, spec in specs_of(workflow, registry).items() if spec is not None and spec.has_validator}
    own = [node.id for node in workflow.nodes.values() if node.type in checked] if checked else []
    if not own:
        return ()
    try:
        found = await site.worker.ask("validate", {"nodes": own}, prompt)
    except WorkerError as error:
        raise Refused(plain_error("server_error", str(error), "The worker does not answer"), 503) from error
    return tuple(Problem(**problem) for problem in found)


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", type(None): "null", bool: "a truth value"}
    return names.get(type(value), "a number")
