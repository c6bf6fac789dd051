"""Workflows inside pictures: read them from PNG, WebP, JPEG and JSON files.

    read_workflow_document("out/weft_00001_.png")  # {"3": {"class_type": "KSampler", …}}: ready for read_workflow

A picture may hold two documents: `prompt`, the API form of exactly what ran, and `workflow`, the editor's form. For
running, `prompt` is preferred. Only the blocks with texts are read, never the pixels, so huge and truncated pictures do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.errors import FormatError
from graph.formats import parse
from runtime.picture_texts import TextsError, read_texts

PROMPT, WORKFLOW = "prompt", "workflow"


@dataclass(frozen=True)
class Embedded:
    """The documents of one file, parsed; None where there is none."""

    prompt: Any = None  # the API form
    workflow: Any = None  # the editor's form

    @property
    def to_run(self) -> Any:
        """The document that says exactly what ran, else the editor's."""
        return self.workflow if self.prompt is None else self.prompt

    @property
    def to_edit(self) -> Any:
        """The document with the editor's places and colours, else what ran."""
        return self.prompt if self.workflow is None else self.workflow


def read_workflow_document(path: Path | str) -> Any:
    """Return the workflow document of a picture or a JSON file, parsed: `prompt` before `workflow`.

    FormatError if the file cannot be read or holds none.
    """
    return read_embedded(path).to_run


def read_embedded(path: Path | str) -> Embedded:
    """Return both documents of a picture; a JSON file is its own document. FormatError if there is none."""
    path = Path(path)
    try:
        found = read_texts(path)
    except TextsError as error:
        raise FormatError(f"{path.name}: {error}") from error
    except OSError as error:
        raise FormatError(f"{path.name}: this file cannot be read ({error.strerror or error}).") from error
    if found.json is not None:
        return Embedded(prompt=_parsed(found.json, path.name))
    documents = _documents(found.texts, path.name)
    if documents.to_run is None:
        end = " The picture is cut off; the rest may have held one." if found.is_truncated else ""
        raise FormatError(
            f"{path.name}: this {found.kind} picture holds no workflow. Programs that edit or send pictures often "
            f"remove it; take the file as it was saved.{end}"
        )
    return documents


def _documents(texts: Mapping[str, str], name: str) -> Embedded:
    """Parse both documents; one that is broken does not matter while the other is good."""
    parsed: dict[str, Any] = {}
    problems: list[FormatError] = []
    for kind in (PROMPT, WORKFLOW):
        try:
            parsed[kind] = _parsed(texts[kind], f"{name}, {kind}") if texts.get(kind) else None
        except FormatError as error:
            problems.append(error)
    if problems and not any(document is not None for document in parsed.values()):
        raise problems[0]
    return Embedded(parsed.get(PROMPT), parsed.get(WORKFLOW))


def _parsed(text: str | bytes, place: str) -> Any:
    try:
        return parse(text)
    except FormatError as error:
        raise FormatError(f"{place}: {error}") from error
