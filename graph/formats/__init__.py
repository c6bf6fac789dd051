"""Workflow documents: ComfyUI's API JSON and editor JSON to a Workflow and back.

    workflow = read_workflow(parse(text), registry.find)  # tells API JSON from editor JSON by itself
    to_api(workflow)                                       # {"3": {"class_type": "KSampler", "inputs": {...}}}
    to_editor(workflow, registry.find)                     # a document that the editor opens, laid out left to right

Editor JSON (0.4, 1.0, with subgraphs) becomes what ComfyUI's editor would send for execution: reroutes, primitives,
notes, muted and bypassed nodes are resolved, subgraphs are flattened to ids such as `12:5`.
"""

from __future__ import annotations

from graph.formats.api import from_api, read_api, to_api
from graph.formats.document import parse
from graph.formats.editor import from_editor
from graph.formats.read import Form, form_of, read_workflow
from graph.formats.widget_slots import SpecOf
from graph.formats.write_editor import to_editor

__all__ = [
    "Form",
    "SpecOf",
    "form_of",
    "from_api",
    "from_editor",
    "parse",
    "read_api",
    "read_workflow",
    "to_api",
    "to_editor",
]
