"""What front ends keep of the user's choices: one JSON object, read and changed as a whole or by its keys."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from serving.refusals import refuse
from serving.routing import read_body, route
from serving.site import Site
from serving.user_files import change_settings, read_settings
from serving.users import root_of


@route("GET", "/settings", summary="All settings of the front end")
async def get_settings(request: web.Request, site: Site) -> dict[str, Any]:
    """Return the settings; {} if there are none yet."""
    return read_settings(root_of(request, site.settings))


@route("GET", "/settings/{id}", summary="One setting of the front end")
async def get_setting(request: web.Request, site: Site, id: str) -> web.Response:
    """Return the setting's value; null if it is not set."""
    return web.json_response(read_settings(root_of(request, site.settings)).get(id))


@route("POST", "/settings", summary="Change settings of the front end", errors=(507,))
async def post_settings(request: web.Request, site: Site, body: dict[str, Any]) -> None:
    """Add to the settings; those that are not named stay."""
    change_settings(root_of(request, site.settings), body)


@route("POST", "/settings/{id}", summary="Change one setting of the front end", errors=(507,))
async def post_setting(request: web.Request, site: Site, id: str) -> None:
    """Set one setting to any JSON value."""
    data = await request.read()
    if not data:
        raise refuse(400, f"The body is empty; expected the value of {id} in JSON.")
    change_settings(root_of(request, site.settings), {id: read_body(data, Any)})
