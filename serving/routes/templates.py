"""/templates: example workflows that come with the server, as ComfyUI's editor reads them."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from serving.file_names import inside
from serving.refusals import refuse
from serving.routing import route
from serving.sent_file import SentFile, file_headers
from serving.site import Site
from serving.templates import OWN_TEMPLATES, describe_templates

INDEX, LOGOS = "index", "index_logo.json"
SENT = (".json", ".webp", ".png")


@route("GET", "/templates/index.json", summary="List the template workflows")
async def list_templates(site: Site) -> list[dict[str, Any]]:
    """Return categories with their templates: name, title, description and the kind of their picture."""
    return await asyncio.to_thread(describe_templates)


@route("GET", "/templates/{name}", summary="A template or its picture", errors=(403, 404))
async def get_template(site: Site, name: str) -> web.StreamResponse:
    """Send `NAME.json`, `NAME-1.webp`, or the list again under the name of a language (`index.fr.json`)."""
    if name == LOGOS:
        return web.json_response({})
    if name.startswith(f"{INDEX}.") and name.endswith(".json"):
        return web.json_response(await list_templates(site))
    path = inside(OWN_TEMPLATES, name)
    if path.suffix not in SENT or not path.is_file():
        raise refuse(404, f'There is no template "{name}"; /templates/index.json lists those that there are.')
    return SentFile(path, file_headers(path.name))
