"""A reverse proxy that serves a server below a path, and decodes names on the way, as nginx does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import ClientSession, WSMessage, WSMsgType, hdrs, web

PREFIX = "/tools/weft/"
HOP_BY_HOP = {
    "host",
    "connection",
    "upgrade",
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "accept-encoding",
}


@contextmanager
def below_a_path(upstream: str) -> Iterator[str]:
    """Start the proxy and yield the address at which the editor is then."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port, runner, session = asyncio.run_coroutine_threadsafe(_start(upstream.rstrip("/")), loop).result()
        yield f"http://127.0.0.1:{port}{PREFIX}"
        asyncio.run_coroutine_threadsafe(_stop(runner, session), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(upstream: str) -> tuple[int, web.AppRunner, ClientSession]:
    session = ClientSession()
    app = web.Application(client_max_size=2**26)

    async def answer(request: web.Request) -> web.StreamResponse:
        query = f"?{request.query_string}" if request.query_string else ""
        url = f"{upstream}/{request.match_info['path']}{query}"
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await _join(request, session, url)
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP | {"origin"}
        }
        async with session.request(request.method, url, headers=headers, data=await request.read()) as found:
            kept = {name: value for name, value in found.headers.items() if name.lower() not in HOP_BY_HOP}
            return web.Response(status=found.status, body=await found.read(), headers=kept)

    app.router.add_route("*", f"{PREFIX}{{path:.*}}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner.addresses[0][1], runner, session


async def _stop(runner: web.AppRunner, session: ClientSession) -> None:
    await runner.cleanup()
    await session.close()


async def _join(request: web.Request, session: ClientSession, url: str) -> web.WebSocketResponse:
    near = web.WebSocketResponse()
    await near.prepare(request)
    async with session.ws_connect(url) as far:

        async def towards_the_server() -> None:
            async for message in near:
                await _hand_on(message, far)

        async def towards_the_page() -> None:
            async for message in far:
                await _hand_on(message, near)

        ways = [asyncio.ensure_future(towards_the_server()), asyncio.ensure_future(towards_the_page())]
        _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in left:
            way.cancel()
    return near


async def _hand_on(message: WSMessage, to: object) -> None:
    send = getattr(to, "send_str" if message.type == WSMsgType.TEXT else "send_bytes")
    await send(message.data)
