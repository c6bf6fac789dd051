"""/object_info: the node types, as editors read them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from serving.fresh_types import bring_up_to_date
from serving.intake import SPECS_WAIT_S
from serving.refusals import refuse
from serving.routing import route
from serving.site import Site
from serving.workers import WorkerError


@route("GET", "/object_info", summary="Describe all node types", errors=(503,))
async def get_object_info(site: Site) -> web.StreamResponse:
    """Return every node type by name, with its inputs, widgets and outputs."""
    await _wait(site)
    return web.Response(body=site.nodes.object_info(), content_type="application/json")


@route("GET", "/object_info/{node_class}", summary="Describe a node type", errors=(503,))
async def get_object_info_of(site: Site, node_class: str) -> dict[str, Any]:
    """Return the node type by its name; an empty object if there is none."""
    await _wait(site)
    found = site.nodes.describe(node_class)
    return {} if found is None else {node_class: found}


async def _wait(site: Site) -> None:
    if site.nodes.registry is None:
        try:
            await site.nodes.wait(SPECS_WAIT_S)
        except WorkerError as error:
            raise refuse(503, str(error)) from error
    await bring_up_to_date(site)
