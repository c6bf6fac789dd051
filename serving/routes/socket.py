"""The WebSocket of clients."""

from __future__ import annotations

import uuid

import msgspec
from aiohttp import web

from serving.refusals import refuse
from serving.routing import route
from serving.site import Site

HEARTBEAT_S = 60.0  # a client that is silent for one and a half of it is gone
MAX_MESSAGE_BYTES = 2**18  # of a client: it sends its feature flags


class SocketQuery(msgspec.Struct):
    """clientId: who it is, as in the prompts that it posts; without one, the first message tells a new one."""

    client_id: str = msgspec.field(default="", name="clientId")


@route("GET", "/ws", summary="Open the WebSocket that tells what happens", errors=(101,))
async def open_socket(request: web.Request, site: Site, query: SocketQuery) -> web.WebSocketResponse:
    """Tell a client what happens to its jobs and to the queue, until it goes."""
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, compress=False, max_msg_size=MAX_MESSAGE_BYTES, timeout=2.0)
    if not socket.can_prepare(request):
        raise refuse(400, "This address speaks WebSocket; open it with a WebSocket client.")
    await socket.prepare(request)
    await site.hub.serve(request, socket, query.client_id or uuid.uuid4().hex)
    return socket
