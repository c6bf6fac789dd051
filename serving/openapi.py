"""The OpenAPI 3.1 document of the server, read from the handlers: their types, docstrings and routes.

    document = describe(collect_routes(), version="0.1.0")
    document["paths"]["/queue"]["get"]["summary"]

Nothing is written twice: parameters and bodies are what `serving.routing` checks, descriptions are the docstrings of
handlers, Structs and modules. Equal handlers give equal bytes.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from aiohttp import web
from aiohttp.web_urldispatcher import DynamicResource

from serving.gate import COOKIE
from serving.refusals import JSON
from serving.routing import ErrorBody, Route, answer_type, parameters
from serving.schemas import FILE, Schemas
from serving.settings import DEFAULT_PORT

MULTIPART = "multipart/form-data"
PATH_NAME = re.compile(r"\{(\w+)\}")
ABOUT = """The server of Weft. It speaks ComfyUI's API, so that clients written for ComfyUI work unchanged. What is beyond that
stands below `/api/v1`.

Every path outside `/api` also answers below it: `/queue` is `/api/queue`. An error is a JSON object whose `error` is a
sentence that says what was found and what to do. A server that listens beyond this machine wants a token: as
`Authorization: Bearer …`, or by the cookie of a browser that has logged in."""
ABOUT_COOKIE = "Of a browser that has logged in at /login. The name ends with the server's port."
BELOW_API = [{"url": "/"}, {"url": "/api", "description": "The same, as ComfyUI's own front end calls it."}]


@dataclass(frozen=True)
class Operation:
    """A route and the types in its handler's signature."""

    route: Route
    path: str
    path_types: Mapping[str, Any]
    query: Any
    body: Any
    answers: tuple[Any, ...]  # what is answered as JSON
    is_socket: bool
    is_response: bool  # the handler makes the response itself

    @property
    def types(self) -> Iterator[Any]:
        """All types that need a schema."""
        yield from (*self.path_types.values(), *self.answers, *self.route.errors.values())
        yield from (each for each in (self.query, self.body, self.route.form) if each is not None)


def describe(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """Return the document of all routes that are to be described."""
    operations = [read_operation(each) for each in routes if each.is_described]
    schemas = Schemas(_unique([ErrorBody, *(kind for each in operations for kind in each.types)]))
    paths: dict[str, dict[str, Any]] = {}
    for each in sorted(operations, key=lambda each: (each.path, each.route.method)):
        at_root = {"servers": BELOW_API} if len(each.route.paths) > 1 else {}
        paths.setdefault(each.path, at_root)[each.route.method.lower()] = _operation(each, schemas)
    responses = {
        "Error": {
            "description": "Something is wrong; the sentence says what. As text where no JSON is asked for.",
            "content": {**_json(schemas, ErrorBody), "text/plain": {"schema": {"type": "string"}}},
        }
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Weft",
            "version": version,
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}, {"cookie": []}],
        "tags": [{"name": name, **about} for name, about in sorted(_tags(operations).items())],
        "paths": paths,
        "components": {
            "schemas": schemas.components((paths, responses)),
            "responses": responses,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": f"{COOKIE}_{DEFAULT_PORT}",
                    "description": ABOUT_COOKIE,
                },
            },
        },
    }


def read_operation(route: Route) -> Operation:
    """Return what a route's handler wants and gives."""
    wanted = parameters(route.handler)
    parts = _members(answer_type(route.handler))
    responses = [each for each in parts if inspect.isclass(each) and issubclass(each, web.StreamResponse)]
    answers = tuple(each for each in parts if each not in responses and each is not NoneType)
    path = DynamicResource(route.path).canonical if "{" in route.path else route.path  # patterns stay out
    return Operation(
        route,
        path,
        {name: wanted.get(name, str) for name in PATH_NAME.findall(path)},
        wanted.get("query"),
        wanted.get("body", route.accepts),
        answers,
        is_socket=web.WebSocketResponse in responses,
        is_response=bool(responses),
    )


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    route = operation.route
    parameters = [*_path_parameters(operation, schemas), *_query_parameters(operation, schemas)]
    body = _request_body(operation, schemas)
    about = inspect.getdoc(route.handler)
    return {
        "operationId": "_".join((route.method.lower(), *re.findall(r"\w+", operation.path))),
        "summary": route.summary,
        **({"description": about} if about else {}),
        "tags": [route.tag],
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": _responses(operation, schemas),
    }


def _path_parameters(operation: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(kind)}
        for name, kind in operation.path_types.items()
    ]


def _query_parameters(operation: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    found = []
    for name, schema, is_required in schemas.fields(operation.query):
        about = {"description": schema["description"]} if "description" in schema else {}
        found.append({"name": name, "in": "query", "required": is_required, **about, "schema": _in_query(schema)})
    return found


def _in_query(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: a query cannot say null, only leave it out."""
    rest = {key: value for key, value in schema.items() if key not in ("description", "anyOf")}
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if "default" in rest and rest["default"] is None:
        del rest["default"]
    return {**choices[0], **rest} if len(choices) == 1 else {**rest, **({"anyOf": choices} if choices else {})}


def _request_body(operation: Operation, schemas: Schemas) -> dict[str, Any] | None:
    if operation.route.form is not None:
        fields = schemas.fields(operation.route.form)
        properties = {each.name: _form_field(each.schema) for each in fields}
        form = {
            "type": "object",
            "properties": properties,
            "required": [each.name for each in fields if each.is_required],
        }
        return {"required": True, "content": {MULTIPART: {"schema": form}}}
    if operation.body is None:
        return None
    return {"required": True, "content": _json(schemas, operation.body)}


def _form_field(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("contentEncoding") != "base64":
        return schema
    about = {key: value for key, value in schema.items() if key == "description"}
    return {**about, **FILE}


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    plain = {
        str(status): {"description": HTTPStatus(status).phrase}
        for status in sorted(operation.route.errors)
        if HTTPStatus.OK < status < HTTPStatus.BAD_REQUEST
    }
    errors = {
        str(status): {"description": HTTPStatus(status).phrase, "content": _json(schemas, kind)}
        for status, kind in sorted(_errors(operation).items())
    }
    return {**_success(operation, schemas), **plain, **errors, "default": {"$ref": "#/components/responses/Error"}}


def _errors(operation: Operation) -> dict[int, Any]:
    """Return the errors by status: those that the route names, and 400 wherever something may not fit a type."""
    checked = (operation.query, operation.body, operation.route.form)
    may_not_fit = any(each is not None for each in checked) or any(
        each is not str for each in operation.path_types.values()
    )
    named = {status: kind for status, kind in operation.route.errors.items() if status >= HTTPStatus.BAD_REQUEST}
    return {**({400: ErrorBody} if may_not_fit else {}), **named}


def _success(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    if operation.is_socket:
        return {"101": {"description": "A WebSocket."}}
    choices = [schemas.of(kind) for kind in operation.answers]
    schema: dict[str, Any] = {"anyOf": choices} if len(choices) > 1 else next(iter(choices), {})
    content = {"content": {operation.route.produces: {"schema": schema} if schema else {}}}
    return {"200": {"description": "OK", **(content if choices or operation.is_response else {})}}


def _json(schemas: Schemas, kind: Any) -> dict[str, Any]:
    return {JSON: {"schema": schemas.of(kind)}}


def _tags(operations: Iterable[Operation]) -> dict[str, dict[str, str]]:
    """Return the headings with what the docstring of the module says after which each is named."""
    found: dict[str, dict[str, str]] = {}
    for each in operations:
        module = each.route.handler.__module__
        about = inspect.getdoc(sys.modules[module]) if module.rpartition(".")[2] == each.route.tag else None
        found[each.route.tag] = found.get(each.route.tag) or ({"description": about} if about else {})
    return found


def _members(kind: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _unique(types: Iterable[Any]) -> Sequence[Any]:
    found: list[Any] = []
    for each in types:
        if each not in found:
            found.append(each)
    return found
