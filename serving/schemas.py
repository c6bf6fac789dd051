"""JSON schemas of Python types, for the OpenAPI document: one schema a type, named ones kept once under components.

schemas = Schemas([JobView, list[JobView]])
schemas.of(list[JobView])    # {"type": "array", "items": {"$ref": "#/components/schemas/JobView"}}
schemas.fields(JobQuery)     # [Field("limit", {"type": "integer", ...}, is_required=False)]
schemas.components(document) # those that the document refers to, described by their docstrings
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

PREFIX = "#/components/schemas/"
FILE: Mapping[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
_ENTRY = re.compile(r"(?:^|(?<=[.;]) )(\w+): ")


class Field(NamedTuple):
    """A field of a Struct as a parameter of its own."""

    name: str
    schema: dict[str, Any]
    is_required: bool


class About(NamedTuple):
    """What a docstring says of the whole, and of fields by name."""

    whole: str
    fields: Mapping[str, str]


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
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    about = read_about(schema.get("description", ""), properties)
    fields = {
        name: {"description": about.fields[name], **part} if name in about.fields else part
        for name, part in properties.items()
    }
    rest = {key: value for key, value in schema.items() if key != "description"}
    changes = {"properties": fields} if fields else {}
    return {**rest, **changes, **({"description": about.whole} if about.whole else {})}


def read_about(docstring: str, names: Collection[str]) -> About:
    """Return what a docstring says: `name: text` tells of a field, at the start of a line or after a sentence or ";"."""
    fields: dict[str, str] = {}
    whole = []
    for paragraph in re.split(r"\n\s*\n", docstring):
        before, *found = _ENTRY.split(" ".join(paragraph.split()))
        for name, text in zip(found[::2], found[1::2], strict=True):
            if name in names:
                fields[name] = text.strip("; ")
            else:
                before += f" {name}: {text}"
        whole.append(before.strip())
    return About("\n\n".join(filter(None, whole)), fields)


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
