"""JSON schemas of Python types, for the OpenAPI document: one schema a type, named ones kept once under components.

schemas = Schemas([JobView, list[JobView]])
schemas.of(list[JobView])    # {"type": "array", "items": {"$ref": "#/components/schemas/JobView"}}
schemas.fields(JobQuery)     # [Field("limit", {"type": "integer", ...}, is_required=False)]
schemas.components(document) # those that the document refers to, described by their docstrings
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from graph.docstrings import read_docstring

PREFIX = "#/components/schemas/"
FILE: Mapping[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
_ENTRY = re.compile(r"^\w+: .*(\n +.*)*\n?", re.MULTILINE)  # a `name: text` line and those that continue it


class Field(NamedTuple):
    """A field of a Struct as a parameter of its own."""

    name: str
    schema: dict[str, Any]
    is_required: bool


class Schemas:
    """The schemas of some types."""

    def __init__(self, types: Sequence[Any]) -> None:
        self._types = types
        schemas, components = msgspec.json.schema_components(types, ref_template=PREFIX + "{name}")
        self._schemas = schemas
        self._components = {name: described(schema) for name, schema in components.items()}

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of one of the types."""
        return self._schemas[self._types.index(kind)]

    def fields(self, kind: Any) -> list[Field]:
        """Return the fields of a Struct that is one of the types."""
        schema = self._components[self.of(kind)["$ref"].removeprefix(PREFIX)]
        required = schema.get("required", ())
        return [Field(name, part, name in required) for name, part in schema["properties"].items()]

    def components(self, document: Any) -> dict[str, Any]:
        """Return what a document refers to, and what that refers to, by name."""
        found: set[str] = set()
        waiting = set(references(document))
        while waiting:
            found |= waiting
            waiting = {name for each in waiting for name in references(self._components[each])} - found
        return {name: self._components[name] for name in sorted(found)}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a Struct with what its docstring says, of the whole and of each field."""
    text = inspect.cleandoc(schema.get("description", ""))
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    tooltips = read_docstring(text, properties).tooltips
    described = {
        name: {"description": tooltips[name], **part} if name in tooltips else part for name, part in properties.items()
    }
    own = _ENTRY.sub(lambda found: "" if found[0].partition(":")[0] in tooltips else found[0], text).strip()
    changes = {"properties": described} if properties else {}
    rest = {key: value for key, value in schema.items() if key != "description"}
    return {**rest, **changes, **({"description": own} if own else {})}


def references(part: Any) -> Iterator[str]:
    """Yield the names of the components that a part of a document refers to."""
    if isinstance(part, Mapping):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(PREFIX):
            yield reference.removeprefix(PREFIX)
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from references(each)
