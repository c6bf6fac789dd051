"""Convert a document between the API format and the editor's, and say what could not be carried over.

    convert(parse(text), Form.API, registry.find).document  # {"3": {"class_type": "KSampler", "inputs": {...}}}

A document that has the wanted form already is returned as it is, with everything that only other programs know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from graph.formats.api import from_api, to_api
from graph.formats.editor import from_editor
from graph.formats.losses import losses_to_api, losses_to_editor
from graph.formats.read import Form, unwrap
from graph.formats.widget_slots import SpecOf
from graph.formats.write_editor import to_editor

# Where an editor's document lies beside an API document: in what the editor exports, and in what it sends to /prompt.
BESIDE_API = (("workflow",), ("extra_data", "extra_pnginfo", "workflow"))


class Converted(NamedTuple):
    """A document in the wanted form, and a sentence for everything that it lacks."""

    document: Mapping[str, Any]
    losses: tuple[str, ...] = ()


def convert(document: Any, wanted: Form, spec_of: SpecOf) -> Converted:
    """Return a parsed document in the wanted form; FormatError if it is no workflow or cannot be drawn."""
    found = unwrap(_editor_inside(document) or document if wanted is Form.EDITOR else document)
    if found.form is Form.API:
        workflow = from_api(found.document)
        if wanted is Form.API:
            return Converted(found.document)
        return Converted(to_editor(workflow, spec_of), losses_to_editor(workflow, spec_of))
    if wanted is Form.EDITOR:
        return Converted(found.document)
    workflow = from_editor(found.document, spec_of)
    return Converted(to_api(workflow), losses_to_api(found.document, spec_of))


def _editor_inside(document: Any) -> Any:
    """Return the editor's document that lies beside an API document, or None."""
    for path in BESIDE_API:
        inner = document
        for key in path:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("nodes"), list):
            return inner
    return None
