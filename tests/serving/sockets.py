"""A hub on a real port, and sockets to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from serving.hub import Hub
from serving.routes import event_stream, socket
from serving.routing import add_routes, collect_routes
from serving.site import SITE, Site

PATIENCE_S = 30.0
MODULES = (socket.__name__, event_stream.__name__)


@dataclass
class HubSite:
    """What the routes of sockets and events need of a site."""

    hub: Hub


@dataclass
class Line:
    """Ways to a server with a hub."""

    hub: Hub
    server: TestServer
    session: aiohttp.ClientSession

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return str(self.server.make_url(path))

    @asynccontextmanager
    async def socket(self, client_id: str, path: str = "/ws") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a socket and read the status that it begins with."""
        async with self.session.ws_connect(self.url(f"{path}?clientId={client_id}")) as opened:
            assert (await opened.receive_json())["type"] == "status"
            yield opened


@asynccontextmanager
async def open_line(hub: Hub) -> AsyncIterator[Line]:
    """Serve a hub on a free port of the loopback."""
    app = web.Application()
    app[SITE] = cast(Site, HubSite(hub))
    add_routes(app, [each for each in collect_routes() if each.handler.__module__ in MODULES])
    server = TestServer(app)
    await server.start_server()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield Line(hub, server, session)
    finally:
        await hub.close()
        await server.close()


def run(job: Coroutine[Any, Any, None]) -> None:
    """Run a test in a loop; it fails if it hangs."""
    asyncio.run(asyncio.wait_for(job, PATIENCE_S))
