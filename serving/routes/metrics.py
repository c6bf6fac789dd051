"""Numbers for Prometheus."""

from __future__ import annotations

from aiohttp import hdrs, web

from serving.metrics import METRICS
from serving.routing import route


@route("GET", "/metrics", summary="Tell numbers to Prometheus", produces="text/plain")
async def show_metrics(request: web.Request) -> web.Response:
    """Jobs by state, the queue, requests by route, sockets, the worker, memory.

    In Prometheus' text format, or in OpenMetrics' if the Accept header asks for that.
    """
    text, content_type = request.app[METRICS].text(request.headers.get(hdrs.ACCEPT, ""))
    return web.Response(body=text, headers={hdrs.CONTENT_TYPE: content_type})
