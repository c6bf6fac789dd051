"""Tell the forms of a workflow document apart and read whichever it is.

form_of({"nodes": [], "links": []})  # Form.EDITOR
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from graph.errors import FormatError
from graph.formats.api import from_api
from graph.formats.document import kind_of
from graph.formats.editor import from_editor
from graph.formats.widget_slots import SpecOf
from graph.workflow import Workflow

WRAPPERS = ("prompt", "output", "workflow")  # what /prompt takes; what the editor's own export functions return


class Form(Enum):
    """The two forms of a workflow document."""

    API = "api"
    EDITOR = "editor"


class Found(NamedTuple):
    """A document without its wrapping, and its form."""

    form: Form
    document: Mapping[str, Any]


def read_workflow(document: Any, spec_of: SpecOf) -> Workflow:
    """Return the workflow of a parsed document of any form; FormatError if it is none.

    `spec_of` gives a node type by name or None (Registry.find); the editor's form needs it to name widget values.
    """
    found = unwrap(document)
    return from_editor(found.document, spec_of) if found.form is Form.EDITOR else from_api(found.document)


def form_of(document: Any) -> Form:
    """Return the form of a document; FormatError if it is no workflow."""
    return unwrap(document).form


def unwrap(document: Any) -> Found:
    """Return the workflow document inside `{"prompt": …}` and the like, or the document itself."""
    if not isinstance(document, dict):
        raise FormatError(f"A workflow document is an object; this one is {kind_of(document)}.")
    if isinstance(document.get("nodes"), list):
        return Found(Form.EDITOR, document)
    if document and all(_is_api_node(node) for node in document.values()):
        return Found(Form.API, document)
    inner = next((document[name] for name in WRAPPERS if _is_wrapped(document.get(name))), None)
    if inner is not None:
        return unwrap(inner)
    if any(_is_api_node(node) for node in document.values()):
        return Found(Form.API, document)
    raise FormatError(_not_a_workflow(document))


def _is_api_node(value: Any) -> bool:
    return isinstance(value, dict) and "class_type" in value


def _is_wrapped(value: Any) -> bool:
    return isinstance(value, dict) and not _is_api_node(value)


def _not_a_workflow(document: Mapping[str, Any]) -> str:
    if not document:
        return "The document is empty: it has no nodes."
    keys = ", ".join(f'"{key}"' for key in list(document)[:6])
    return (
        f"This is not a workflow: it has {keys}, but neither a list of nodes (the editor's format) "
        'nor nodes with a "class_type" (the API format).'
    )
