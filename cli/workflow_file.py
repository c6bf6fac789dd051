"""Read a workflow file for a command, change what the user asked for, and say what is wrong with it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.report import CANCELLED, FAILED, INVALID, InvalidWorkflowError, UsageError, error_console
from files.known_files import fetch_command
from graph.errors import FormatError, Problem
from graph.formats import read_workflow
from graph.formats.widget_slots import BESIDE
from graph.nearest import did_you_mean
from graph.spec import NodeSpec
from graph.validate import validate
from graph.widgets import Seed
from graph.workflow import Node, Workflow
from runtime.metadata import read_workflow_document

if TYPE_CHECKING:
    from graph.registry import Registry
    from runtime.engine import Studio
    from runtime.memory_settings import MemorySettings
    from runtime.settings import Settings

__all__ = [
    "CANCELLED",
    "FAILED",
    "INVALID",
    "UsageError",
    "check",
    "find_node",
    "load_workflow",
    "notes_of",
    "open_chosen",
    "open_here",
    "problems_of",
    "seed_inputs",
    "with_seed",
    "with_settings",
]


PACK_PATIENCE_S = 60.0  # a command works with all packs, so it waits for slow ones


def open_here(base: Path | None, device: str | None = None, memory: MemorySettings | None = None) -> Studio:
    """Return an engine on a folder and a device; UsageError if they are not there. What is wrong with packs is printed."""
    from runtime.memory_settings import MemorySettings
    from runtime.settings import Settings, default_base

    chosen = Settings(base or default_base(), device=device, memory=memory or MemorySettings())
    return open_chosen(chosen, partial(error_console().print, markup=False))


def open_chosen(
    settings: Settings, tell: Callable[[str], None] = lambda sentence: None, registry: Registry | None = None
) -> Studio:
    """Return an engine as it was chosen; UsageError if folders or device are not there.

    registry: the node types; the built-in ones and those of packs if it is left out.
    """
    from runtime.devices import DeviceError
    from runtime.engine import open_studio
    from runtime.memory_settings import MemoryOptionError

    if not settings.base.is_dir():
        raise UsageError(f"--base-directory {settings.base}: there is no such folder; name the one that holds models/.")
    if settings.output is not None:
        _check_writable(settings.output)
    try:
        studio = open_studio(settings, tell, registry)
    except DeviceError as error:
        raise UsageError(f"--device: {error}") from error
    except MemoryOptionError as error:
        raise UsageError(str(error)) from error
    return studio if registry is not None else _with_packs(studio, settings, tell)


def _with_packs(studio: Studio, settings: Settings, tell: Callable[[str], None]) -> Studio:
    """Return the studio with the nodes of packs; `tell` is given what is wrong with these."""
    from runtime.packs.opening import open_shelf
    from runtime.packs.telling import lines_of

    shelf = open_shelf(studio, settings, patience_s=PACK_PATIENCE_S)
    shelf.load()
    for line in lines_of(shelf.reports()):
        tell(line)
    return studio.with_registry(shelf.registry, shelf.digests)


def _check_writable(folder: Path) -> None:
    """Refuse a folder that pictures cannot be written to, before they are computed."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir():
        raise UsageError(f"--output-directory {folder}: {there} is not a folder; name another.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"--output-directory {folder}: {there} is not writable; change its rights or name another.")


def load_workflow(path: Path, studio: Studio) -> Workflow:
    """Return the workflow of a JSON file (API or editor format) or of a picture; a GraphError says why there is none."""
    if os.path.isdir(path):
        raise UsageError(f"{path}: this is a folder; name a workflow or a picture in it.")
    if not os.path.lexists(path) and os.path.isdir(path.parent):
        raise UsageError(f"{path}: there is no such file{did_you_mean(path.name, os.listdir(path.parent))}")
    document = read_workflow_document(path)
    try:
        return read_workflow(document, studio.registry.find)
    except FormatError as error:
        raise FormatError(f"{path.name}: {error}") from error


def with_settings(workflow: Workflow, settings: Iterable[str]) -> Workflow:
    """Apply NODE.INPUT=VALUE settings; nodes by id, title or type."""
    for setting in settings:
        target, equals, text = setting.partition("=")
        name, dot, input_name = target.rpartition(".")
        if not equals or not dot:
            raise UsageError(f'--set {setting}: write NODE.INPUT=VALUE, for example --set "KSampler.steps=30".')
        node = find_node(workflow, name)
        if input_name not in node.inputs:
            near = did_you_mean(input_name, node.inputs)
            raise UsageError(f'--set {setting}: {node.label} has no input "{input_name}"{near}')
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
    raise UsageError(f'No node is called "{name}"{did_you_mean(name, names)}')


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


def problems_of(workflow: Workflow, studio: Studio, outputs: tuple[str, ...] | None = None) -> tuple[Problem, ...]:
    """Return every reason why a workflow cannot run here, or what of it the nodes `outputs` need."""
    found = validate(workflow, studio.registry, outputs, names=studio.names)
    return tuple(replace(problem, message=problem.message + _place(problem, studio)) for problem in found)


def notes_of(workflow: Workflow, studio: Studio) -> tuple[str, ...]:
    """Return what is in a workflow without effect: inputs that their nodes do not have."""
    found = ((node, studio.registry.find(node.type)) for node in workflow.nodes.values())
    specs = ((node, spec.for_inputs(node.inputs)) for node, spec in found if spec is not None)
    unknown = (
        (node, spec, name)
        for node, spec in specs
        for name in node.inputs
        if spec.input(name) is None and name not in BESIDE
    )
    return tuple(
        f'Note: {node.label} has no input "{name}", so it has no effect'
        f"{did_you_mean(name, (socket.name for socket in spec.inputs))}"
        for node, spec, name in unknown
    )


def check(workflow: Workflow, studio: Studio, outputs: tuple[str, ...] | None = None) -> None:
    """Raise an InvalidWorkflowError with every reason why a workflow cannot run here."""
    problems = problems_of(workflow, studio, outputs)
    if problems:
        raise InvalidWorkflowError(problems)


def _place(problem: Problem, studio: Studio) -> str:
    """Return where the folder lies in which a file is missing; nothing for other problems."""
    kind = problem.details.get("folder")
    if kind is None:
        return ""
    places = " or ".join(str(place) for place in studio.places(kind))
    command = fetch_command(kind, str(problem.details.get("received_value", "")))
    remedy = "put the file there or choose another." if command is None else f"this fetches the file: {command}"
    return f" The folder is {places}; {remedy}"


def _value(text: str, present: Any) -> Any:
    if isinstance(present, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # also what Python refuses to parse: 5,000 digits, 1,000 brackets
        return text
