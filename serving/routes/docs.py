"""What the server can do: the OpenAPI document and a page to read it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from aiohttp import web

from serving.openapi import describe
from serving.refusals import JSON, refuse
from serving.routing import collect_routes, route
from serving.version import weft_version

PAGES = Path(__file__).parents[1] / "pages"


@cache
def document() -> bytes:
    """Return the OpenAPI document; it follows from the code alone, so that one is enough for a process."""
    return msgspec.json.encode(describe(collect_routes(), weft_version()))


@route("GET", "/openapi.json", summary="Describe all routes")
async def show_document() -> web.Response:
    """The OpenAPI 3.1 document of this server. Client libraries may be generated from it; /docs shows it to people."""
    return web.Response(body=document(), content_type=JSON)


@route("GET", "/docs", summary="Read the API", described=False)
async def show_page() -> web.FileResponse:
    """The page. Its links are relative, so that it also works below /api and behind a proxy."""
    return web.FileResponse(PAGES / "docs.html")


@route("GET", "/docs/assets/{name:[a-z_]+[.](css|js)}", summary="A file of the page", described=False, errors=(404,))
async def show_asset(name: str) -> web.FileResponse:
    """Styles and scripts of the page. ComfyUI's help texts of nodes lie below /docs too, hence the folder of its own."""
    path = PAGES / name
    if not path.is_file():
        raise refuse(404, f'The page has no file "{name}".')
    return web.FileResponse(path)
