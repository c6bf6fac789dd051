"""ComfyUI's assets API, which is switched off here as it is there unless asked for: front ends know that answer."""

from __future__ import annotations

from aiohttp import web

from serving.routing import route

DISABLED = {
    "error": {
        "code": "SERVICE_DISABLED",
        "message": "There is no store of assets on this server; files are sent to /upload/image or /api/v1/files.",
        "details": {},
    }
}


@route("*", "/api/assets", summary="Assets (switched off)", described=False)
@route("*", "/api/assets/{path:.*}", summary="Assets (switched off)", described=False)
@route("*", "/api/tags", summary="Tags of assets (switched off)", described=False)
async def answer_that_assets_are_off() -> web.Response:
    """Say that there are no assets, in ComfyUI's words for it."""
    return web.json_response(DISABLED, status=503)
