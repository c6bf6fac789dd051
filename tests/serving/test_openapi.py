"""The OpenAPI document says what handlers check, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from enum import Enum
from typing import Annotated, Any

import msgspec
import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from serving.openapi import describe
from serving.routing import Route, collect_routes, route

ROUTES = collect_routes()


class Order(Enum):
    OLDEST = "oldest"
    NEWEST = "newest"


class Search(msgspec.Struct):
    """What to look for. order: by age; q: a word.

    limit: at most so many,
      on one page.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    order: Order = Order.NEWEST
    text: str | None = msgspec.field(default=None, name="q")


class Leaf(msgspec.Struct):
    """A leaf. Note: it is green."""

    name: str


class Tree(msgspec.Struct):
    """A tree."""

    leaves: list[Leaf]
    parent: Tree | None = None


class Upload(msgspec.Struct):
    """A picture.

    image: the file.
    """

    image: bytes
    subfolder: str = ""


@route("GET", "/trees/{height}", summary="Find trees", errors=(404,))
async def find_trees(height: int, query: Search) -> list[Tree]:
    """Find trees of a height."""
    return []


@route("POST", "/trees", summary="Plant a tree", errors={409: Leaf})
async def plant(body: Tree) -> None:
    """Plant."""


@route("POST", "/pictures", summary="Upload", form=Upload)
async def upload(request: web.Request) -> dict[str, Any]:
    return {}


@route("GET", "/api/v1/sound/{name:[a-z{}]+}", summary="Hear", produces="audio/flac")
async def hear(name: str) -> web.Response:
    return web.Response()


@route("GET", "/socket", summary="Talk")
async def talk(request: web.Request) -> web.WebSocketResponse:
    return web.WebSocketResponse()


@route("GET", "/secret", summary="Not shown", described=False)
async def secret() -> None: ...


HANDLERS = (find_trees, plant, upload, hear, talk, secret)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document of the handlers above."""
    return describe([each for handler in HANDLERS for each in handler.routes], "1.2.3")  # type: ignore[attr-defined]


def test_document_of_the_server_follows_the_rules_of_openapi() -> None:
    assert ROUTES
    OpenAPIV31SpecValidator(describe(ROUTES, "1")).validate()


def test_document_of_each_kind_of_handler_follows_the_rules_of_openapi(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_operation_ids_are_unique() -> None:
    paths = describe(ROUTES, "1")["paths"].values()
    ids = [value["operationId"] for path in paths for method, value in path.items() if method != "servers"]
    assert len(ids) == len(set(ids))


def test_each_route_that_is_to_be_described_is_there_once() -> None:
    paths = describe(ROUTES, "1")["paths"]
    shown = [each for each in ROUTES if each.is_described]
    assert sum(len(path.keys() - {"servers"}) for path in paths.values()) == len(shown)


def test_order_of_the_routes_does_not_matter(document: dict[str, Any]) -> None:
    routes = [each for handler in reversed(HANDLERS) for each in handler.routes]  # type: ignore[attr-defined]
    assert msgspec.json.encode(describe(routes, "1.2.3")) == msgspec.json.encode(document)


def test_two_processes_write_the_same_bytes() -> None:
    program = "import sys; from serving.routes.docs import document; sys.stdout.buffer.write(document())"
    first, second = (
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env={"PYTHONHASHSEED": seed})
        for seed in "12"
    )
    assert first.stdout == second.stdout


def test_query_becomes_parameters_with_their_limits_and_tooltips(document: dict[str, Any]) -> None:
    height, limit, order, text = document["paths"]["/trees/{height}"]["get"]["parameters"]
    assert height == {"name": "height", "in": "path", "required": True, "schema": {"type": "integer"}}
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    assert limit["description"] == "at most so many, on one page."
    assert order["schema"]["default"] == "newest"
    assert (order["description"], text["description"]) == ("by age", "a word.")
    assert (text["name"], text["required"], text["schema"]) == ("q", False, {"type": "string"})


def test_structs_of_bodies_are_components_and_those_of_queries_are_not(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"].keys() == {"ErrorBody", "Leaf", "Order", "Tree"}
    body = document["paths"]["/trees"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Tree"}
    assert document["components"]["schemas"]["Leaf"]["description"] == "A leaf. Note: it is green."


def test_errors_are_those_that_types_and_routes_allow(document: dict[str, Any]) -> None:
    paths = document["paths"]
    assert paths["/trees/{height}"]["get"]["responses"].keys() == {"200", "400", "404", "default"}
    assert paths["/socket"]["get"]["responses"].keys() == {"101", "default"}
    conflict = paths["/trees"]["post"]["responses"]["409"]["content"]["application/json"]["schema"]
    assert conflict == {"$ref": "#/components/schemas/Leaf"}


def test_fields_of_a_form_are_files_and_texts(document: dict[str, Any]) -> None:
    form = document["paths"]["/pictures"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["properties"]["image"] == {
        "description": "the file.",
        "type": "string",
        "contentMediaType": "application/octet-stream",
    }
    assert form["properties"]["subfolder"]["default"] == ""
    assert form["required"] == ["image"]


def test_patterns_stay_out_of_paths_and_only_routes_of_comfyui_stand_below_api_too(document: dict[str, Any]) -> None:
    sound = document["paths"]["/api/v1/sound/{name}"]
    assert sound["get"]["responses"]["200"]["content"] == {"audio/flac": {}}
    assert "servers" not in sound
    assert [each["url"] for each in document["paths"]["/socket"]["servers"]] == ["/", "/api"]
    assert "/secret" not in document["paths"]


def test_a_type_that_json_cannot_hold_is_an_error_when_the_document_is_made() -> None:
    async def broken(body: type) -> None: ...

    with pytest.raises(TypeError, match="type"):
        describe([Route("POST", "/broken", broken, "", "")], "1")
